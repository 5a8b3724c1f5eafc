// The system calls of posix_timer_calls.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/time.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

Result<> sys_timer_create(Context&, abi::ClockId clock, OrNull<vm::UserIn<abi::sigevent>> event,
                          vm::UserOut<TimerNumber> out);
Result<> sys_timer_settime(Context&, TimerNumber id, abi::TimerFlags flags,
                           OrNull<vm::UserIn<abi::itimerspec>> in, OrNull<vm::UserOut<abi::itimerspec>> old);
Result<> sys_timer_gettime(Context&, TimerNumber id, vm::UserOut<abi::itimerspec> out);
Answer<Count32> sys_timer_getoverrun(Context&, TimerNumber id);
Result<> sys_timer_delete(Context&, TimerNumber id);

inline constexpr syscall::Family POSIX_TIMER_FAMILY{"posix_timer_calls",
                                                    "kernel/posix_x/time/posix_timer_calls.cpp"};
inline constexpr syscall::Call POSIX_TIMER_CALLS[] = {
    call<sys_timer_create>(222, "timer_create", POSIX_TIMER_FAMILY),
    call<sys_timer_settime>(223, "timer_settime", POSIX_TIMER_FAMILY),
    call<sys_timer_gettime>(224, "timer_gettime", POSIX_TIMER_FAMILY),
    call<sys_timer_getoverrun>(225, "timer_getoverrun", POSIX_TIMER_FAMILY),
    call<sys_timer_delete>(226, "timer_delete", POSIX_TIMER_FAMILY),
};

}  // namespace exo::posix_x
