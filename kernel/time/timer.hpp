// One-shot timers: a callback in interrupt context at a deadline.
#pragma once

#include "time/clock.hpp"
#include "utils/tree.hpp"

namespace exo::time {

/// A timer, embedded in the object that uses it. The callback runs with interrupts off on the CPU that armed
/// the timer. It may take only IrqOff locks of a higher rank; it must not arm or cancel timers, but may call
/// run_again_after.
class Timer {
  public:
    using Callback = void (*)(Timer&);
    constexpr explicit Timer(Callback callback) : callback_(callback) {}
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() { cancel(); }

    // At most one thread at a time calls `arm` or `cancel`.

    /// Sets the deadline, and replaces an earlier one.
    void arm(Deadline deadline) {
        cancel();
        if (!deadline.is_never()) insert(deadline);
    }
    /// Cancels the timer. Afterwards the callback neither runs nor will run.
    void cancel() {
        if (is_armed_) remove();
    }
    /// Arms the timer again after its callback. Callable only from that callback.
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
    Nanoseconds again_after_ = 0;  ///< 0: it does not run again.
    u32 cpu_ = 0;
    bool is_armed_ =
        false;  ///< Armed since it was last cancelled; its time may have come. CPUs ignore the timer if this
                ///< is false.
    Callback callback_;
};

/// The earliest armed deadline of this CPU.
Deadline next_timer();
/// Makes the CPU's timer interrupt come no later than `deadline`. An earlier interrupt that is already set
/// stays.
void request_interrupt_by(Deadline deadline);
/// Runs the expired timers of this CPU. The tick upcall calls it with interrupts off.
void run_due_timers();
/// Sets the function that is called after each tick with interrupts off. The scheduler checks time slices in
/// it.
void set_tick_hook(void (*hook)());

}  // namespace exo::time
