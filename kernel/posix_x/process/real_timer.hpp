// RealTimer: the timer of setitimer(ITIMER_REAL) and alarm(2). Each process has one.
#pragma once

#include "posix_x/process/expiry.hpp"

namespace exo::posix_x {

class Process;

/// The data of the lock Process::real_timer. LINUX: it_real_fn, dequeue_signal: an expiry sends SIGALRM and
/// stops the timer; taking the signal restarts it with its interval. So the timer does not expire while the
/// signal is blocked or its handler runs slowly.
struct RealTimer {
    explicit RealTimer(Process& process);
    time::Nanoseconds interval = 0;
    SignalRate rate;
    time::Deadline deadline = time::Deadline::never();  ///< `never`: the timer is off.
    time::Nanoseconds last = 0;                         ///< The last deadline that passed.
    Alarm alarm;

    void start(time::Deadline at);
    void stop();
    /// Notes that the deadline has passed. Returns whether it had, and nobody had noted it: the caller sends SIGALRM.
    bool take_expiry();
};

/// Called when SIGALRM of the whole process was taken: restarts a timer with an interval, counted from its
/// last deadline to avoid drift.
void real_signal_was_taken(Process& process);

}  // namespace exo::posix_x
