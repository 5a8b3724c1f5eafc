// What tests ask of the hosted machine's address translation: how often it was told to forget.
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

/// Where physical address 0 would lie in this process: the arena of the test, for the walks of user copies.
extern constinit u64 direct_map;

}  // namespace exo::arch::hosted
