// What becomes of a system call that a signal interrupted: the one place where Error::Restart… turns into EINTR or into
// the same call again (signal(7), "Interruption of system calls and library functions by signal handlers").
//
// A handler that returns such an error has the result set to a code that no program sees: the thread does not reach user mode
// before resolve_restart, because request_restart also sets Work::Personality.
#pragma once

#include "arch/interface.hpp"
#include "utils/error.hpp"

namespace exo::syscall {

constexpr bool is_restart(Error error) {
    return error >= Error::RestartSys && error <= Error::RestartWithBlock;
}

void request_restart(arch::UserRegisters& registers, Error error);

/// What runs next in the program.
enum class NextHandler : u8 { None, WithRestart /**< SA_RESTART */, WithoutRestart };

/// Called once per return to user mode, before a signal frame is built or when there is none to build.
void resolve_restart(arch::UserRegisters& registers, NextHandler handler);

}  // namespace exo::syscall
