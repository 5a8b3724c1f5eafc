// Clocks. Monotonic time counts from boot and never steps; real time is monotonic time plus an offset that may be set.
//
// Key types: Nanoseconds, Deadline, CounterScale; timer.hpp has Timer. Neighbours: arch below (cycle counter,
// one-shot interrupt); log and everything above. The source of time is the scaled TSC, or another counter
// (counter.hpp) if the TSC is unreliable; startup_clock.cpp chooses. Locking: reading takes no lock.
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

/// An absolute point in monotonic time.
struct Deadline {
    Nanoseconds at = ~0ULL;

    static constexpr Deadline never() { return {}; }
    /// The point `from_now` later. A wait that is too long to express becomes `never`.
    static Deadline after(Nanoseconds from_now);
    constexpr bool is_never() const { return at == ~0ULL; }
    bool has_passed() const;
};

/// Converts readings of a counter to nanoseconds: (reading * multiplier) >> 32.
struct CounterScale {
    u64 multiplier = 1ULL << 32;
    static constexpr CounterScale from_hertz(u64 hertz) {
        return {static_cast<u64>((static_cast<unsigned __int128>(SECOND) << 32) / (hertz != 0 ? hertz : 1))};
    }
    /// Converts a difference of readings. A negative difference gives a result that wraps, like the sum to
    /// which it is added.
    constexpr Nanoseconds nanoseconds(i64 passed) const {
        return static_cast<Nanoseconds>((static_cast<__int128>(passed) * static_cast<i64>(multiplier)) >> 32);
    }
};

class Counter;

/// Starts monotonic time at 0, for a cycle counter with the rate `hertz`.
void start_clock(u64 cycle_counter_hertz);
/// Sets a more accurate rate without a step in time. Called at most once, by one CPU.
void refine_clock(u64 cycle_counter_hertz);
/// Reads time from `counter` from now on, without a step. Called at most once, by one CPU.
void use_counter(Counter& counter);
/// The clock must be read at least once in this time, or its counter may wrap unnoticed; ~0: no limit.
Nanoseconds longest_silence();
/// The name of the source of time, as in Linux: tsc, kvm-clock, hpet, acpi_pm.
std::string_view clock_source();
u64 cycle_counter_hertz();

/// Keeps `page` up to date, from which programs read the clock without a system call. Called once, at boot.
void publish_clock(abi::ClockPage& page);
/// Stores the time zone of settimeofday(2) in the page.
void publish_zone(u64 zone);

Nanoseconds monotonic();
/// Real time: nanoseconds since 1970-01-01 UTC.
Nanoseconds realtime();
void set_realtime(Nanoseconds since_epoch);

/// Real time as seconds and nanoseconds since 1970-01-01 UTC.
struct WallTime {
    u64 seconds;
    u32 nanoseconds;
};
/// Real time, at most a millisecond old: for frequent time stamps. It never goes back on any CPU, unless the
/// clock is set. (Linux stamps files with the time of its last tick.)
WallTime coarse_realtime();

}  // namespace exo::time
