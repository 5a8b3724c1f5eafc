// Calibration: measures the rates of the cycle counter and of this CPU's timer, and whether the cycle counter
// runs evenly.
//
//   calibration.measure(pm_timer);   // at boot, a millisecond: good to a few parts in a hundred
//   calibration.note_middle();       // 100 ms later
//   calibration.finish();            // 200 ms later: good to a few parts in a million, and a verdict
//
// Key types: Calibration. Neighbours: arch (the counter and the timer that are measured), drivers (the references).
// Locking: none. One CPU uses it at boot, and then timer callbacks of that CPU do.
#pragma once

#include "time/counter.hpp"
#include "utils/result.hpp"

namespace exo::time {

class Calibration {
  public:
    enum class Verdict : u8 {
        Even,     ///< The rates of both halves and of the first measurement agree.
        Uneven,   ///< The rates differ: the cycle counter or the reference is unreliable.
        Unknown,  ///< There was no reference.
    };
    struct Outcome {
        Verdict verdict;
        u64 hertz;  ///< 0 unless Even.
    };

    /// Measures for a millisecond of `reference`, and sets this CPU's timer. Returns the cycle counter's rate
    /// in hertz.
    /// Errors: Enodev (the reference does not count).
    Result<u64> measure(Counter& reference);
    void note_middle();
    /// Measures over the whole time since measure(). If the counter is even, also corrects this CPU's timer.
    Outcome finish();

  private:
    /// Values of the reference and of the cycle counter, read at the same time.
    struct Sample {
        u64 ticks;
        u64 cycles;
        u64 uncertainty;  ///< The largest possible distance of the two readings, in cycles.
    };
    /// The difference of two samples.
    struct Interval {
        u64 ticks;
        u64 cycles;
        u64 uncertainty;
    };

    Sample sample() const;
    Interval between(const Sample& start, const Sample& end) const;
    bool is_even(const Interval& first, const Interval& second) const;
    void set_timer_rate(u64 hertz) const;

    Counter* reference_ = nullptr;
    Sample start_{};
    Sample middle_{};
    u64 hertz_ = 0;
    u64 timer_ticks_ = 0;
    u64 timer_cycles_ = 0;
};

}  // namespace exo::time
