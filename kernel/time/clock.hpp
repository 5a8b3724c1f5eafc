// Clocks. Monotonic time counts from boot and never steps; real time is monotonic time plus an offset that may be set.
//
// Key types: Nanoseconds, Deadline, CounterScale; timer.hpp has Timer. Neighbours: arch below (cycle counter, one-shot
// interrupt); log and everything above. Source of time: the TSC, scaled, or where it cannot be trusted another counter
// (counter.hpp); startup_clock.cpp chooses. Locking: reading takes none.
#pragma once

#include <string_view>

#include "utils/types.hpp"

namespace exo::abi {
struct ClockPage;
}

namespace exo::time {

using Nanoseconds = u64;

inline constexpr Nanoseconds MICROSECOND = 1000;
inline constexpr Nanoseconds MILLISECOND = 1000 * MICROSECOND;
inline constexpr Nanoseconds SECOND = 1000 * MILLISECOND;

/// An absolute point of monotonic time.
struct Deadline {
    Nanoseconds at = ~0ULL;

    static constexpr Deadline never() { return {}; }
    /// Saturates: a wait that is too long to express is for ever.
    static Deadline after(Nanoseconds from_now);
    constexpr bool is_never() const { return at == ~0ULL; }
    bool has_passed() const;
};

/// Readings of a counter to nanoseconds: (reading * multiplier) >> 32.
struct CounterScale {
    u64 multiplier = 1ULL << 32;
    static constexpr CounterScale from_hertz(u64 hertz) {
        return {static_cast<u64>((static_cast<unsigned __int128>(SECOND) << 32) / (hertz != 0 ? hertz : 1))};
    }
    /// Of a difference, which may be negative: then the result wraps, as the sum that it goes into does.
    constexpr Nanoseconds nanoseconds(i64 passed) const {
        return static_cast<Nanoseconds>((static_cast<__int128>(passed) * static_cast<i64>(multiplier)) >> 32);
    }
};

class Counter;

/// Starts monotonic time at 0 with the cycle counter running at `hertz`.
void start_clock(u64 cycle_counter_hertz);
/// A better figure, by one CPU and once at most: without a step.
void refine_clock(u64 cycle_counter_hertz);
/// From now on time is read from `counter`, without a step. Once at most, by one CPU.
void use_counter(Counter& counter);
/// The clock must be read at least this often, or its counter goes round unseen; ~0: never mind.
Nanoseconds longest_silence();
/// What time is read from, by Linux's names: tsc, kvm-clock, hpet, acpi_pm.
std::string_view clock_source();
u64 cycle_counter_hertz();

/// From now on `page` tells programs how to read the clock without the kernel. Once, at the start.
void publish_clock(abi::ClockPage& page);
/// settimeofday(2)'s zone, as the page has it.
void publish_zone(u64 zone);

Nanoseconds monotonic();
/// Nanoseconds since 1970-01-01 UTC.
Nanoseconds realtime();
void set_realtime(Nanoseconds since_epoch);

/// Seconds and nanoseconds since 1970-01-01 UTC.
struct WallTime {
    u64 seconds;
    u32 nanoseconds;
};
/// Real time as it was at most a millisecond ago: for what is stamped often. Never behind an earlier answer, on any CPU,
/// unless the clock was set. (Linux stamps files with the time of its last tick.)
WallTime coarse_realtime();

}  // namespace exo::time
