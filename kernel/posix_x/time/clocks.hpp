// Clocks by number, as clock_gettime(2) names them.
#pragma once

#include "posix_x/syscalls/time_values.hpp"
#include "scheduler/wait_queue.hpp"

namespace exo::posix_x {

/// What the clock shows. The CPU-time clocks are the calling process's. Errors: Einval (no such clock, or one of
/// another process).
Result<Nanoseconds> read_clock(abi::ClockId clock);

/// CPU clocks that are named by a process id (clock_getcpuclockid(3)).
bool is_cpu_clock_by_pid(abi::ClockId clock);
bool is_clock_of_thread(abi::ClockId clock);
bool is_clock_of_caller(abi::ClockId clock);

/// How often real time was set, and who waits for the next time: sleepers until a point of it look again then.
u64 clock_settings();
scheduler::WaitQueue& clock_setting_waiters();

// Parts of register_time_calls.
Result<> register_sleep_calls();
Result<> register_cpu_time_calls();

}  // namespace exo::posix_x
