// Timers that count CPU time: ITIMER_VIRTUAL, ITIMER_PROF (setitimer(2)) and RLIMIT_CPU (getrlimit(2)).
//
// The scheduler samples a thread every 10 ms while it runs; a thread that watches its CPU time then looks at these on its
// way to user mode. So they expire up to 10 ms late, never early.
#pragma once

#include "time/clock.hpp"

namespace exo::posix_x {

class Task;

struct CpuTimer {
    time::Nanoseconds expires_at = 0;  ///< Of the process's CPU time; 0: not running.
    time::Nanoseconds interval = 0;
};

/// Touched by the process's own task only.
struct CpuTimers {
    CpuTimer virtual_time;               ///< User mode.
    CpuTimer profiling;                  ///< User and kernel mode.
    time::Nanoseconds next_warning = 0;  ///< CPU time at which SIGXCPU comes next.
};

/// Sends what is due to the calling task's process.
void check_cpu_timers(Task& task);

}  // namespace exo::posix_x
