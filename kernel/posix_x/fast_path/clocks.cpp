#include "abi/linux/time.hpp"
#include "posix_x/fast_path/fast_path.hpp"
#include "posix_x/syscalls/time_values.hpp"

namespace exo::posix_x {

FastAnswer fast_clock_gettime(abi::ClockId clock, vm::UserOut<abi::timespec> out) {
    Nanoseconds now;
    switch (clock) {
        case abi::ClockId::Realtime: now = time::realtime(); break;
        case abi::ClockId::Monotonic: now = time::monotonic(); break;
        default: return DECLINED;
    }
    if (!fast_write(out.address(), to_timespec(now))) return DECLINED;
    return 0;
}

}  // namespace exo::posix_x
