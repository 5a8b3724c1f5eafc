#include "syscall/restart.hpp"

#include "scheduler/thread.hpp"

namespace exo::syscall {

namespace {

constexpr u64 SYS_RESTART_SYSCALL = 219;

constexpr u64 code_of(Error error) { return static_cast<u64>(-static_cast<i64>(error)); }
constexpr u64 EINTR_RESULT = static_cast<u64>(-static_cast<i64>(Error::Eintr));

/// Whether the call is made again although `handler` runs first.
bool survives_handler(u64 code, NextHandler handler) {
    if (code == code_of(Error::RestartNoInterrupt)) return true;
    return code == code_of(Error::RestartSys) && handler == NextHandler::WithRestart;
}

}  // namespace

void request_restart(arch::UserRegisters& registers, Error error) {
    registers.set_result(code_of(error));
    scheduler::current_thread().add_work(scheduler::Work::Personality);
}

void resolve_restart(arch::UserRegisters& registers, NextHandler handler) {
    if (!registers.is_in_call()) return;
    const u64 code = registers.result();
    if (code < code_of(Error::RestartWithBlock) || code > code_of(Error::RestartSys)) return;
    if (handler != NextHandler::None && !survives_handler(code, handler))
        registers.set_result(EINTR_RESULT);
    else
        registers.repeat_call(code == code_of(Error::RestartWithBlock) ? SYS_RESTART_SYSCALL
                                                                       : registers.call_number());
    registers.leave_call();
}

}  // namespace exo::syscall
