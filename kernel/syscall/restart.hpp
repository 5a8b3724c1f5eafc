// Restarts of system calls that a signal interrupted. This is the only place where Error::Restart… turns into
// EINTR or into the same call again (signal(7), "Interruption of system calls and library functions by signal
// handlers").
//
// When a handler returns such an error, the result is set to a code that no program sees: request_restart
// also sets Work::Personality, so the thread calls resolve_restart before it reaches user mode.
#pragma once

#include "arch/interface.hpp"
#include "utils/error.hpp"

namespace exo::syscall {

constexpr bool is_restart(Error error) {
    return error >= Error::RestartSys && error <= Error::RestartWithBlock;
}

void request_restart(arch::UserRegisters& registers, Error error);

/// Which signal handler, if any, runs next in the program.
enum class NextHandler : u8 { None, WithRestart /**< SA_RESTART */, WithoutRestart };

/// Called once on each return to user mode: before a signal frame is built, or if there is none to build.
void resolve_restart(arch::UserRegisters& registers, NextHandler handler);

}  // namespace exo::syscall
