// The system calls of timers.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/time.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

Answer<Seconds> sys_alarm(Context&, Seconds seconds);
Result<> sys_getitimer(Context&, abi::IntervalTimer which, vm::UserOut<abi::itimerval> out);
Result<> sys_setitimer(Context&, abi::IntervalTimer which, OrNull<vm::UserIn<abi::itimerval>> in,
                       OrNull<vm::UserOut<abi::itimerval>> out);

inline constexpr syscall::Family TIMERS_FAMILY{"timers", "kernel/posix_x/time/timers.cpp"};
inline constexpr syscall::Call TIMERS_CALLS[] = {
    call<sys_getitimer>(36, "getitimer", TIMERS_FAMILY),
    call<sys_alarm>(37, "alarm", TIMERS_FAMILY),
    call<sys_setitimer>(38, "setitimer", TIMERS_FAMILY),
};

}  // namespace exo::posix_x
