// Counters of known rate: what the cycle counter is measured against, and the clock where it cannot be trusted.
//
// Key types: Counter (a device: drivers implement it), LongCounter (the same, without its wrapping round).
// Neighbours: drivers (HPET, ACPI's timer, the 8254) above; calibration.hpp and clock.hpp use them.
// Locking: none; any number of CPUs may read.
#pragma once

#include <atomic>
#include <string_view>

#include "time/clock.hpp"

namespace exo::time {

/// Counts up at a fixed rate and wraps round after `bits` bits.
class Counter {
  public:
    /// As Linux names it (clocksource=).
    virtual std::string_view name() const = 0;
    virtual u64 hertz() const = 0;
    virtual u32 bits() const = 0;
    /// Bits above `bits()` may be anything.
    virtual u64 read() = 0;

    u64 mask() const { return bits() >= 64 ? ~0ULL : (1ULL << bits()) - 1; }
    /// How long one round takes; ~0 if nobody lives to see it.
    Nanoseconds round() const;

  protected:
    ~Counter() = default;
};

/// Never wraps, if it is read at least twice a round.
class LongCounter {
  public:
    constexpr LongCounter() = default;
    /// Before anybody reads it. It starts with the counter's value of now.
    void start(Counter& counter);
    Counter* counter() const { return counter_; }
    u64 read();

  private:
    Counter* counter_ = nullptr;
    std::atomic<u64> last_{0};
};

}  // namespace exo::time
