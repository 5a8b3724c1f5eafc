// RealTimer: setitimer(ITIMER_REAL) and alarm(2), which a process has one of.
#pragma once

#include "posix_x/process/expiry.hpp"

namespace exo::posix_x {

class Process;

/// The data of the lock Process::real_timer. LINUX: it_real_fn, dequeue_signal: an expiry sends SIGALRM and ends; the timer goes on with its
/// interval when the signal is taken. So a signal that is blocked, or a handler that is slow, keeps it from expiring.
struct RealTimer {
    explicit RealTimer(Process& process);
    time::Nanoseconds interval = 0;
    SignalRate rate;
    time::Deadline deadline = time::Deadline::never();  ///< Never: it is not running.
    time::Nanoseconds last = 0;                         ///< The deadline that has passed last.
    Alarm alarm;

    void start(time::Deadline at);
    void stop();
};

/// SIGALRM of the whole process was taken: an interval goes on from the last expiry, so that no drift builds up.
void real_signal_was_taken(Process& process);

}  // namespace exo::posix_x
