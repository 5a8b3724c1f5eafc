// System-wide counts of pages, for /proc/meminfo.
#pragma once

#include <atomic>

#include "sync/cpu_sum.hpp"

namespace exo::vm {

/// Pages with the content of files in memory, and of shared mappings without a file (Shmem).
inline constinit std::atomic<u64> shared_memory_pages{0};
/// Entries in the page tables of all programs: anonymous pages, and pages of files and shared memory. A page
/// that two programs map counts twice.
inline constinit sync::CpuSum all_resident_anonymous;
inline constinit sync::CpuSum all_resident_source;

inline void add_shared_pages(u64 count) { shared_memory_pages.fetch_add(count, std::memory_order_relaxed); }
inline void remove_shared_pages(u64 count) {
    shared_memory_pages.fetch_sub(count, std::memory_order_relaxed);
}

}  // namespace exo::vm
