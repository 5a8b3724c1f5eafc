// Clocks by number, as clock_gettime(2) names them.
#pragma once

#include "posix_x/syscalls/time_values.hpp"
#include "scheduler/wait_queue.hpp"

namespace exo::posix_x {

/// What the clock shows. Errors: Einval (no such clock).
Result<Nanoseconds> read_clock(abi::ClockId clock);

/// How often real time was set, and who waits for the next time: sleepers until a point of it look again then.
u64 clock_settings();
scheduler::WaitQueue& clock_setting_waiters();

}  // namespace exo::posix_x
