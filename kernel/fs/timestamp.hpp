// Timestamp: a point of real time as files carry it.
#pragma once

#include <compare>

#include "abi/linux/time.hpp"
#include "time/clock.hpp"
#include "utils/types.hpp"

namespace exo::fs {

struct Timestamp {
    i64 seconds = 0;
    u32 nanoseconds = 0;

    static Timestamp now() {
        const time::Nanoseconds time = time::realtime();
        return {static_cast<i64>(time / time::SECOND), static_cast<u32>(time % time::SECOND)};
    }
    abi::timespec to_timespec() const { return {seconds, nanoseconds}; }
    friend constexpr auto operator<=>(const Timestamp&, const Timestamp&) = default;
};

}  // namespace exo::fs
