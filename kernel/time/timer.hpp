// One-shot timers: a callback in interrupt context at a deadline.
#pragma once

#include "time/clock.hpp"
#include "utils/tree.hpp"

namespace exo::time {

/// Embedded in whatever wants to be called. The callback runs with interrupts off on the CPU that armed it and may
/// take only IrqOff locks of a higher rank; it must not arm or cancel timers, but may ask to be called again.
class Timer {
  public:
    using Callback = void (*)(Timer&);
    constexpr explicit Timer(Callback callback) : callback_(callback) {}
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() { cancel(); }

    // `arm` and `cancel` are called by one thread at a time.

    /// Replaces an earlier deadline.
    void arm(Deadline deadline) {
        cancel();
        if (!deadline.is_never()) insert(deadline);
    }
    /// After it returns the callback is not running and will not run.
    void cancel() {
        if (is_armed_) remove();
    }
    /// Only from the timer's own callback.
    void run_again_after(Nanoseconds delay) { again_after_ = delay; }

  private:
    friend struct TimerQueue;
    struct Key {
        Nanoseconds deadline;
        const Timer* identity;
        friend bool operator<(const Key& a, const Key& b) {
            return a.deadline != b.deadline ? a.deadline < b.deadline : a.identity < b.identity;
        }
    };

    void insert(Deadline deadline);
    void remove();

    TreeNode link_{};
    Key key_{~0ULL, this};
    Nanoseconds again_after_ = 0;  ///< 0: no.
    u32 cpu_ = 0;
    bool is_armed_ =
        false;  ///< Since it was last cancelled; its time may have come. Without that no CPU looks at the timer.
    Callback callback_;
};

/// The earliest armed deadline of this CPU.
Deadline next_timer();
/// Makes the CPU's interrupt come no later than `deadline`; an earlier one that is already set stays.
void request_interrupt_by(Deadline deadline);
/// Runs what is due on this CPU; called by the tick upcall with interrupts off.
void run_due_timers();
/// `hook` is called after each tick with interrupts off: the scheduler looks at time slices there.
void set_tick_hook(void (*hook)());

}  // namespace exo::time
