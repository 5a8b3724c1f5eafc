// The table and the full path: every SYSCALL that the fast path did not finish comes through system_call.
#include "arch/upcalls.hpp"
#include "log/log.hpp"
#include "scheduler/thread.hpp"
#include "sync/spin_lock.hpp"
#include "syscall/restart.hpp"
#include "syscall/syscall.hpp"

namespace exo::syscall {

namespace {

struct Entry {
    SyscallHandler handler = nullptr;
    std::string_view name;
    std::span<const ArgumentDescription> arguments;
    bool has_fast_path = false;
};
constinit std::array<Entry, arch::SYSTEM_CALL_LIMIT> table{};

/// Which unknown calls have been logged, by number and program name: a bounded memory, so that no program can flood the log.
struct LoggedCalls {
    static constexpr usize CAPACITY = 64;
    struct Key {
        u64 number = 0;
        char name[16] = {};
    };
    std::array<Key, CAPACITY> keys{};
    usize count = 0;

    /// True the first time.
    bool note(u64 number, std::string_view name) {
        for (usize index = 0; index < count; ++index)
            if (keys[index].number == number && name == keys[index].name) return false;
        if (count == CAPACITY) return false;
        Key& key = keys[count++];
        key.number = number;
        name.copy(key.name, sizeof(key.name) - 1);
        return true;
    }
};
constinit sync::SpinLocked<LoggedCalls, sync::LockRank::SpinLeaf> logged_calls;

[[gnu::noinline, gnu::cold]] void log_unknown(u64 number) {
    scheduler::Thread& thread = scheduler::current_thread();
    thread.unsupported_call = number;
    const std::string_view program = thread.name();
    if (logged_calls.lock()->note(number, program))
        log::info("{}: system call {} is not supported", program, number);
}

/// Whoever made the call just before gets the answer without another look at the log.
u64 fast_unknown(u64, u64, u64, u64, u64, u64) {
    const scheduler::Thread& thread = scheduler::current_thread();
    if (thread.user_registers().original_rax != thread.unsupported_call) return arch::FAST_PATH_DECLINED;
    return static_cast<u64>(-static_cast<i64>(Error::Enosys));
}

}  // namespace

Result<> register_syscall(usize number, std::string_view name, SyscallHandler handler,
                          std::span<const ArgumentDescription> arguments) {
    if (number >= table.size() || handler == nullptr) return Error::Einval;
    if (table[number].handler != nullptr) return Error::AlreadyExists;
    table[number] = {handler, name, arguments, false};
    return {};
}

Result<> register_fast_path(usize number, arch::FastHandler handler) {
    if (number >= table.size()) return Error::Einval;
    if (table[number].handler == nullptr) return Error::Enosys;
    table[number].has_fast_path = true;
    arch::set_fast_handler(number, handler);
    return {};
}

void init() {
    for (usize number = 0; number < table.size(); ++number)
        if (table[number].handler == nullptr) arch::set_fast_handler(number, &fast_unknown);
    arch::set_fast_handler(arch::SYSTEM_CALL_LIMIT, &fast_unknown);
    arch::enable_system_calls();
}

void for_each_call(FunctionRef<void(const CallDescription&)> visit) {
    for (usize number = 0; number < table.size(); ++number) {
        const Entry& entry = table[number];
        if (entry.handler != nullptr)
            visit({static_cast<u16>(number), entry.name, entry.arguments, entry.has_fast_path});
    }
}

namespace {

Result<u64> call(arch::UserRegisters& registers) {
    const u64 number = registers.original_rax;
    if (number >= table.size() || table[number].handler == nullptr) {
        log_unknown(number);
        return Error::Enosys;
    }
    Context context{registers};
    return table[number].handler(registers.rdi, registers.rsi, registers.rdx, registers.r10, registers.r8,
                                 registers.r9, context);
}

}  // namespace

}  // namespace exo::syscall

void exo::upcalls::system_call(arch::UserRegisters& registers) {
    using namespace exo::syscall;
    const Result<u64> result = call(registers);
    if (result) {
        registers.rax = *result;
    } else if (is_restart(result.error())) {
        request_restart(registers, result.error());
    } else {
        registers.rax = static_cast<u64>(-static_cast<i64>(to_errno(result.error())));
    }
}
