// Clocks by number, as clock_gettime(2) names them.
#pragma once

#include "posix_x/syscalls/time_values.hpp"
#include "scheduler/wait_queue.hpp"

namespace exo::posix_x {

/// The clock's time. Errors: Einval (no such clock).
Result<Nanoseconds> read_clock(abi::ClockId clock);

/// How often the real time was set, and the queue that each setting wakes. Threads that sleep until a point
/// in real time then check their deadline again.
u64 clock_settings();
scheduler::WaitQueue& clock_setting_waiters();

}  // namespace exo::posix_x
