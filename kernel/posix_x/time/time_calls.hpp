// The system calls of time_calls.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/time.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

Result<> sys_clock_gettime(Context&, abi::ClockId clock, vm::UserOut<abi::timespec> out);
Result<> sys_clock_getres(Context&, abi::ClockId clock, OrNull<vm::UserOut<abi::timespec>> out);
Result<> sys_clock_settime(Context&, abi::ClockId clock, vm::UserIn<abi::timespec> in);
Result<> sys_gettimeofday(Context&, OrNull<vm::UserOut<abi::timeval>> out,
                          OrNull<vm::UserOut<abi::timezone>> zone_out);
Result<> sys_settimeofday(Context&, OrNull<vm::UserIn<abi::timeval>> in,
                          OrNull<vm::UserIn<abi::timezone>> zone_in);
Answer<EpochSeconds> sys_time(Context&, OrNull<vm::UserOut<EpochSeconds>> out);
Answer<abi::ClockState> sys_adjtimex(Context&, vm::UserInOut<abi::timex> user);
Answer<abi::ClockState> sys_clock_adjtime(Context&, abi::ClockId clock, vm::UserInOut<abi::timex> user);

inline constexpr syscall::Family TIME_FAMILY{"time_calls", "kernel/posix_x/time/time_calls.cpp"};
inline constexpr syscall::Call TIME_CALLS[] = {
    call<sys_gettimeofday>(96, "gettimeofday", TIME_FAMILY),
    call<sys_adjtimex>(159, "adjtimex", TIME_FAMILY),
    call<sys_settimeofday>(164, "settimeofday", TIME_FAMILY),
    call<sys_time>(201, "time", TIME_FAMILY),
    call<sys_clock_settime>(227, "clock_settime", TIME_FAMILY),
    call<sys_clock_gettime>(228, "clock_gettime", TIME_FAMILY),
    call<sys_clock_getres>(229, "clock_getres", TIME_FAMILY),
    call<sys_clock_adjtime>(305, "clock_adjtime", TIME_FAMILY),
};

}  // namespace exo::posix_x
