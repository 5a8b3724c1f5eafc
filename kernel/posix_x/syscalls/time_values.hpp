// Conversions between the time structures of programs and the kernel's nanoseconds.
#pragma once

#include "abi/linux/time.hpp"
#include "time/clock.hpp"
#include "utils/result.hpp"

namespace exo::posix_x {

using time::Nanoseconds;

/// The longest time that Linux knows, 292 years. Longer times count as this.
inline constexpr Nanoseconds LONGEST_TIME = (1ULL << 63) - 1;

/// Converts a time. Errors: Einval (negative, or not normalised).
constexpr Result<Nanoseconds> to_nanoseconds(const abi::timespec& value) {
    if (value.tv_sec < 0 || value.tv_nsec < 0 || value.tv_nsec >= static_cast<i64>(time::SECOND))
        return Error::Einval;
    const u64 seconds = static_cast<u64>(value.tv_sec);
    if (seconds >= LONGEST_TIME / time::SECOND) return LONGEST_TIME;
    return seconds * time::SECOND + static_cast<u64>(value.tv_nsec);
}

/// Converts a time. Errors: Einval (negative, or not normalised).
constexpr Result<Nanoseconds> to_nanoseconds(const abi::timeval& value) {
    if (value.tv_usec < 0 || value.tv_usec >= 1'000'000) return Error::Einval;
    return to_nanoseconds(abi::timespec{value.tv_sec, value.tv_usec * 1000});
}

constexpr abi::timespec to_timespec(Nanoseconds time) {
    return {static_cast<i64>(time / time::SECOND), static_cast<i64>(time % time::SECOND)};
}

constexpr abi::timeval to_timeval(Nanoseconds time) {
    return {static_cast<i64>(time / time::SECOND), static_cast<i64>(time % time::SECOND / time::MICROSECOND)};
}

/// The time until `deadline`; 0 if it has passed, and also if it is never.
inline Nanoseconds time_left(time::Deadline deadline) {
    const Nanoseconds now = time::monotonic();
    return deadline.is_never() || deadline.at <= now ? 0 : deadline.at - now;
}

/// USER_HZ: the unit of times(2) and of /proc.
inline constexpr Nanoseconds CLOCK_TICK = time::SECOND / 100;

}  // namespace exo::posix_x
