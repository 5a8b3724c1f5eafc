// Clocks. Monotonic time counts from boot and never steps; real time is monotonic time plus an offset that may be set.
//
// Key types: Nanoseconds, Deadline, CycleScale; timer.hpp has Timer. Neighbours: arch below (cycle counter, one-shot
// interrupt); log and everything above. Source of time: the TSC, scaled; main.cpp measures its rate, and
// startup.cpp refines it soon after. Locking: reading takes none.
#pragma once

#include "utils/types.hpp"

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

/// Cycle-counter readings to nanoseconds: (cycles * multiplier) >> 32.
struct CycleScale {
    u64 multiplier = 1ULL << 32;
    static constexpr CycleScale from_hertz(u64 hertz) {
        return {static_cast<u64>((static_cast<unsigned __int128>(SECOND) << 32) / (hertz != 0 ? hertz : 1))};
    }
    constexpr Nanoseconds nanoseconds(u64 cycles) const {
        return static_cast<Nanoseconds>((static_cast<unsigned __int128>(cycles) * multiplier) >> 32);
    }
};

/// Starts monotonic time at 0 with the cycle counter running at `hertz`.
void start_clock(u64 cycle_counter_hertz);
/// From now on at this rate, without a step. Once at most, by one CPU.
void refine_clock(u64 cycle_counter_hertz);
/// The scale in force, for the vDSO and for statistics.
CycleScale cycle_scale();
u64 cycle_counter_hertz();

Nanoseconds monotonic();
/// Nanoseconds since 1970-01-01 UTC.
Nanoseconds realtime();
void set_realtime(Nanoseconds since_epoch);

}  // namespace exo::time
