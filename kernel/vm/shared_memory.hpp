// Pages of memory that the machine as a whole is asked about (/proc/meminfo), counted as they come and go.
#pragma once

#include <atomic>

#include "utils/types.hpp"

namespace exo::vm {

/// Hold the content of files in memory, and of shared mappings without a file (Shmem).
inline constinit std::atomic<u64> shared_memory_pages{0};
/// In the page tables of all programs: of their own, and of files and shared memory. What two of them show counts twice.
inline constinit std::atomic<i64> all_resident_anonymous{0};
inline constinit std::atomic<i64> all_resident_source{0};

inline void add_shared_pages(u64 count) { shared_memory_pages.fetch_add(count, std::memory_order_relaxed); }
inline void remove_shared_pages(u64 count) {
    shared_memory_pages.fetch_sub(count, std::memory_order_relaxed);
}

}  // namespace exo::vm
