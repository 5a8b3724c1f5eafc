// The table of calls. The entry code goes through the copy of its handlers in arch.
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
    const HandlerDescription* description = nullptr;
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

arch::SystemCallOutcome unknown_call(u64, u64, u64, u64, u64, u64, arch::UserRegisters& registers) {
    log_unknown(registers.original_rax);
    return {0, static_cast<u64>(Error::Enosys)};
}

/// Whoever made the call just before gets the answer without another look at the log.
u64 fast_unknown(u64, u64, u64, u64, u64, u64) {
    const scheduler::Thread& thread = scheduler::current_thread();
    if (thread.user_registers().original_rax != thread.unsupported_call) return arch::FAST_PATH_DECLINED;
    return static_cast<u64>(-static_cast<i64>(Error::Enosys));
}

}  // namespace

Result<> register_syscall(usize number, std::string_view name, SyscallHandler handler,
                          const HandlerDescription* description) {
    if (number >= table.size() || handler == nullptr) return Error::Einval;
    if (table[number].handler != nullptr) return Error::AlreadyExists;
    table[number] = {handler, name, description, false};
    arch::set_call_handler(number, handler);
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
    for (usize number = 0; number <= arch::SYSTEM_CALL_LIMIT; ++number) {
        if (number < table.size() && table[number].handler != nullptr) continue;
        arch::set_fast_handler(number, &fast_unknown);
        arch::set_call_handler(number, &unknown_call);
    }
}

void for_each_call(FunctionRef<void(const CallDescription&)> visit) {
    for (usize number = 0; number < table.size(); ++number) {
        const Entry& entry = table[number];
        if (entry.handler != nullptr)
            visit({static_cast<u16>(number), entry.name, entry.description, entry.has_fast_path});
    }
}

}  // namespace exo::syscall

void exo::upcalls::system_call_failed(arch::UserRegisters& registers, u64 error_word) {
    using namespace exo::syscall;
    const auto error = static_cast<Error>(error_word);
    if (is_restart(error))
        request_restart(registers, error);
    else
        registers.rax = static_cast<u64>(-static_cast<i64>(to_errno(error)));
}
