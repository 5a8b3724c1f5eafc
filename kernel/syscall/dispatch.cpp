// The handling of call numbers without a handler, and of handlers that fail.
#include "arch/upcalls.hpp"
#include "log/log.hpp"
#include "scheduler/thread.hpp"
#include "sync/spin_lock.hpp"
#include "syscall/restart.hpp"
#include "syscall/syscall.hpp"

namespace exo::syscall {

namespace {

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

}  // namespace

arch::SystemCallOutcome unknown_call(u64, u64, u64, u64, u64, u64, arch::UserRegisters& registers) {
    log_unknown(registers.call_number());
    return {0, static_cast<u64>(Error::Enosys)};
}

u64 fast_unknown(u64, u64, u64, u64, u64, u64) {
    const scheduler::Thread& thread = scheduler::current_thread();
    if (thread.user_registers().call_number() != thread.unsupported_call) return arch::FAST_PATH_DECLINED;
    return static_cast<u64>(-static_cast<i64>(Error::Enosys));
}

}  // namespace exo::syscall

void exo::upcalls::system_call_failed(arch::UserRegisters& registers, u64 error_word) {
    using namespace exo::syscall;
    const auto error = static_cast<Error>(error_word);
    if (is_restart(error))
        request_restart(registers, error);
    else
        registers.set_result(static_cast<u64>(-static_cast<i64>(to_errno(error))));
}
