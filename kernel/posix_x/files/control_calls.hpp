// The system calls of control_calls.cpp: their handlers, numbers and names.
#pragma once

#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

/// The arguments of each fcntl command. The commands' handlers are in control_calls.cpp.
extern const CommandList<16> FCNTL_COMMANDS;
extern const CommandList<43> IOCTL_COMMANDS;

Answer<ByCommand> sys_fcntl(Context&, Descriptor fd, CommandCode<FCNTL_COMMANDS> command,
                            CommandWord argument);
Answer<ByCommand> sys_ioctl(Context&, Descriptor fd, CommandCode<IOCTL_COMMANDS> request,
                            CommandWord argument);

inline constexpr syscall::Family CONTROL_FAMILY{"control_calls", "kernel/posix_x/files/control_calls.cpp"};
inline constexpr syscall::Call CONTROL_CALLS[] = {
    call<sys_ioctl>(16, "ioctl", CONTROL_FAMILY),
    call<sys_fcntl>(72, "fcntl", CONTROL_FAMILY),
};

}  // namespace exo::posix_x
