#include "abi/linux/time.hpp"
#include "posix_x/fast_path/fast_path.hpp"
#include "posix_x/syscalls/time_values.hpp"
#include "syscall/syscall.hpp"

namespace exo::posix_x {

namespace {

using abi::ClockId;

u64 fast_clock_gettime(u64 clock, u64 out, u64, u64, u64, u64) {
    Nanoseconds now;
    switch (static_cast<ClockId>(clock)) {
        case ClockId::Realtime: now = time::realtime(); break;
        case ClockId::Monotonic: now = time::monotonic(); break;
        default: return DECLINED;
    }
    return fast_write(out, to_timespec(now)) ? 0 : DECLINED;
}

}  // namespace

Result<> register_fast_clock_calls() { return syscall::register_fast_path(228, &fast_clock_gettime); }

}  // namespace exo::posix_x
