// ClockPage: what the kernel tells the vDSO (userland/vdso) of its clocks, in a page that programs can only read.
#pragma once

#include <atomic>
#include <cstdint>

namespace exo::abi {

/// Time is `nanoseconds` when the cycle counter is at `reading`, and from there runs by `multiplier` / 2^32 nanoseconds a cycle.
struct ClockPage {
    /// Odd while the kernel writes the page. A reader uses the fields that it has read only if `sequence` was even before and is unchanged after.
    std::atomic<std::uint32_t> sequence;
    /// 0: the clock is not the cycle counter, and only a system call can read it.
    std::atomic<std::uint32_t> counts_cycles;
    std::atomic<std::uint64_t> reading;
    std::atomic<std::uint64_t> multiplier;
    std::atomic<std::uint64_t> nanoseconds;
    /// Real time less monotonic time. The sum may wrap.
    std::atomic<std::uint64_t> realtime_offset;
    /// settimeofday(2)'s zone: tz_minuteswest below, tz_dsttime above.
    std::atomic<std::uint64_t> zone;
};

}  // namespace exo::abi
