// Counters of known rate. Calibration measures the cycle counter against them; they replace it if it is
// unreliable.
//
// Key types: Counter (a device: drivers implement it), LongCounter (a Counter extended to 64 bits).
// Neighbours: drivers (HPET, ACPI's timer, the 8254) above; calibration.hpp and clock.hpp use them.
// Locking: none. Any number of CPUs may read.
#pragma once

#include <atomic>
#include <string_view>

#include "time/clock.hpp"

namespace exo::time {

/// Counts up at a fixed rate and wraps after `bits` bits.
class Counter {
  public:
    /// The name in Linux (clocksource=).
    virtual std::string_view name() const = 0;
    virtual u64 hertz() const = 0;
    virtual u32 bits() const = 0;
    /// The value. Bits from `bits()` on are undefined.
    virtual u64 read() = 0;

    u64 mask() const { return bits() >= 64 ? ~0ULL : (1ULL << bits()) - 1; }
    /// The time between two wraps; ~0 if that is too long to matter.
    Nanoseconds round() const;

  protected:
    ~Counter() = default;
};

/// Extends a counter to 64 bits. It must be read at least twice between two wraps.
class LongCounter {
  public:
    constexpr LongCounter() = default;
    /// Starts at the counter's present value. Call before other CPUs read it.
    void start(Counter& counter);
    Counter* counter() const { return counter_; }
    u64 read();

  private:
    Counter* counter_ = nullptr;
    std::atomic<u64> last_{0};
};

}  // namespace exo::time
