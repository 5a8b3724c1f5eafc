// How a thread blocks and is woken: park and unpark with one token, as the model in tests/model/parking.pml checks.
//
// unpark leaves a token; park takes it and returns at once if there is one. So a wake-up that comes between the
// decision to block and the blocking is never lost, and a caller simply loops:
//
//     while (!condition()) TRY(park(WaitMode::Interruptible, deadline));
//
// A return without an error means "look again", not "the condition holds".
#pragma once

#include "scheduler/thread.hpp"
#include "time/clock.hpp"

namespace exo::scheduler {

/// Which events end a wait, besides the wake-up.
enum class WaitMode : u8 {
    Uninterruptible,
    Killable,       ///< The thread is being killed.
    Interruptible,  ///< A signal is pending for the thread.
};

using time::Deadline;

/// The work bits that end a wait in `mode`.
constexpr Work interrupting(WaitMode mode) {
    switch (mode) {
        case WaitMode::Uninterruptible: return Work::None;
        case WaitMode::Killable: return Work::Kill;
        case WaitMode::Interruptible: return Work::Kill | Work::Signal | Work::Personality;
    }
    return Work::None;
}

/// Blocks the calling thread until it has a token. Interrupts must be on, and no spin lock held.
/// Errors: RestartSys (a signal or kill that `mode` admits), Etimedout.
Result<> park(WaitMode mode, Deadline deadline = Deadline::never());

/// Gives the thread a token and makes it runnable if it is parked. Callable in any context, including
/// interrupt handlers.
void unpark(Thread& thread);

/// Sets `work` (Signal, Kill, Personality) and makes the thread check it, whether it runs or waits.
void interrupt(Thread& thread, Work work);

/// The error with which a wait in `mode` would end now; success if it would not end.
Result<> check_interrupted(WaitMode mode);

/// Sleeps until `deadline`. Errors: RestartSys.
Result<> sleep_until(Deadline deadline, WaitMode mode);

}  // namespace exo::scheduler
