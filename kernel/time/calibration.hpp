// How fast the cycle counter and this CPU's timer run, and whether the cycle counter runs evenly.
//
//   calibration.measure(pm_timer);   // at boot, a millisecond: good to a few parts in a hundred
//   calibration.note_middle();       // 100 ms later
//   calibration.finish();            // 200 ms later: good to a few parts in a million, and a verdict
//
// Key types: Calibration. Neighbours: arch (the counter and the timer that are measured), drivers (the references).
// Locking: none; one CPU at boot, then timer callbacks of that CPU.
#pragma once

#include "time/counter.hpp"
#include "utils/result.hpp"

namespace exo::time {

class Calibration {
  public:
    enum class Verdict : u8 {
        Even,     ///< Both halves give one rate, and so does the first measurement.
        Uneven,   ///< They do not: the cycle counter, or the reference, cannot be trusted.
        Unknown,  ///< There was nothing to measure against.
    };
    struct Outcome {
        Verdict verdict;
        u64 hertz;  ///< 0 unless Even.
    };

    /// Lets `reference` run for a millisecond, and sets this CPU's timer. The cycle counter's rate in hertz.
    /// Errors: Enodev (the reference stands still).
    Result<u64> measure(Counter& reference);
    void note_middle();
    /// Over all the time since measure(). An even counter corrects this CPU's timer too.
    Outcome finish();

  private:
    /// The reference and the cycle counter, read together.
    struct Sample {
        u64 ticks;
        u64 cycles;
        u64 uncertainty;  ///< The two readings lie at most that many cycles apart.
    };
    /// What passed between two samples.
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
