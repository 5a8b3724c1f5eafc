// For tests: the hosted machine's address translation, and counts of its TLB flushes.
#pragma once

#include <atomic>

#include "utils/types.hpp"

namespace exo::arch::hosted {

struct TlbCounters {
    std::atomic<u64> page_flushes{0};
    std::atomic<u64> full_flushes{0};
    std::atomic<u64> loads{0};
};
extern constinit TlbCounters tlb_counters;

/// The address of the simulated physical address 0 in this process: the test's arena. User copies use it.
extern constinit u64 direct_map;

}  // namespace exo::arch::hosted
