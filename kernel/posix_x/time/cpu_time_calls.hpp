// The system calls of cpu_time_calls.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/resource.hpp"
#include "abi/linux/time.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

Result<> sys_getrusage(Context&, abi::UsageOf whose, vm::UserOut<abi::rusage> out);
Answer<ClockTicks> sys_times(Context&, OrNull<vm::UserOut<abi::tms>> out);

inline constexpr syscall::Family CPU_TIME_FAMILY{"cpu_time_calls", "kernel/posix_x/time/cpu_time_calls.cpp"};
inline constexpr syscall::Call CPU_TIME_CALLS[] = {
    call<sys_getrusage>(98, "getrusage", CPU_TIME_FAMILY),
    call<sys_times>(100, "times", CPU_TIME_FAMILY),
};

}  // namespace exo::posix_x
