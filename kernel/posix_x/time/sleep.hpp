// The system calls of sleep.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/time.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

Result<> sys_nanosleep(Context&, vm::UserIn<abi::timespec> in, OrNull<vm::UserOut<abi::timespec>> left);
Result<> sys_clock_nanosleep(Context&, abi::ClockId clock, abi::TimerFlags flags,
                             vm::UserIn<abi::timespec> in, OrNull<vm::UserOut<abi::timespec>> left);
Answer<ByCommand> sys_restart_syscall(Context&);

inline constexpr syscall::Family SLEEP_FAMILY{"sleep", "kernel/posix_x/time/sleep.cpp"};
inline constexpr syscall::Call SLEEP_CALLS[] = {
    call<sys_nanosleep>(35, "nanosleep", SLEEP_FAMILY),
    call<sys_restart_syscall>(219, "restart_syscall", SLEEP_FAMILY),
    call<sys_clock_nanosleep>(230, "clock_nanosleep", SLEEP_FAMILY),
};

}  // namespace exo::posix_x
