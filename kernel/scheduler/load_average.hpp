// LoadAverage: how many threads were running or runnable, averaged over 1, 5 and 15 minutes with exponential decay.
//
// A sample is due every 5 seconds. An interval without a call counts as idle: while any thread runs, the
// scheduler calls at least every SAMPLE_PERIOD. Source: Linux, kernel/sched/loadavg.c, with the same
// arithmetic. Linux also counts threads in uninterruptible sleep; this class does not.
#pragma once

#include <array>

#include "time/clock.hpp"

namespace exo::scheduler {

class LoadAverage {
  public:
    static constexpr u32 FRACTION_BITS = 11;
    static constexpr u64 ONE = 1ULL << FRACTION_BITS;
    static constexpr time::Nanoseconds INTERVAL = 5 * time::SECOND;
    using Loads = std::array<u64, 3>;

    bool is_due(time::Nanoseconds now) const { return now >= last_ + INTERVAL; }
    /// Takes the samples that are due: idle ones for the past, and `active` threads for the last.
    void advance(time::Nanoseconds now, u64 active);
    /// The averages in units of 1/ONE, including the idle intervals until now.
    Loads read(time::Nanoseconds now) const;

  private:
    static u64 decay(u64 load, u64 factor, u64 active);
    static u64 decay_idle(u64 load, u64 factor, u64 intervals);

    Loads loads_{};
    time::Nanoseconds last_ = 0;
};

}  // namespace exo::scheduler
