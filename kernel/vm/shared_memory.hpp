// How many pages hold the content of files in memory and of shared mappings without a file (Shmem in /proc/meminfo).
#pragma once

#include <atomic>

#include "utils/types.hpp"

namespace exo::vm {

inline constinit std::atomic<u64> shared_memory_pages{0};

inline void add_shared_pages(u64 count) { shared_memory_pages.fetch_add(count, std::memory_order_relaxed); }
inline void remove_shared_pages(u64 count) {
    shared_memory_pages.fetch_sub(count, std::memory_order_relaxed);
}

}  // namespace exo::vm
