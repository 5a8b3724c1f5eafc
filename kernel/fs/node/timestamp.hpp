// Timestamp: a point in real time, as inodes store it.
#pragma once

#include <compare>

#include "abi/linux/time.hpp"
#include "time/clock.hpp"
#include "utils/types.hpp"

namespace exo::fs {

struct Timestamp {
    i64 seconds = 0;
    u32 nanoseconds = 0;

    /// The current time. LINUX: also the coarse clock.
    static Timestamp now() {
        const time::WallTime time = time::coarse_realtime();
        return {static_cast<i64>(time.seconds), time.nanoseconds};
    }
    abi::timespec to_timespec() const { return {seconds, nanoseconds}; }
    friend constexpr auto operator<=>(const Timestamp&, const Timestamp&) = default;
};

}  // namespace exo::fs
