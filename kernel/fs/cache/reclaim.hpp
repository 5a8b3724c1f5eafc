// Reclaim: what page caches give back when memory is short; and what all files with a backing store do together, sync(2).
//
// Pages are looked at in a circle, file by file and in each by page. A page that was used since the last look gets a second
// chance, one that was not is dropped (the clock algorithm). What programs do through a mapping is not seen: a mapped page
// counts as unused unless it was mapped, or read by a system call, since the last look.
//
// memory asks through its reclaim hook before a page cannot be allocated; posix_x asks before it kills a process.
// Locking: one spin lock around the list of caches and the place of the next look. No page is touched under it.
#pragma once

#include "fs/cache/page_cache.hpp"

namespace exo::fs {

/// Reads of a device leave this part of memory free, 1/64 of it.
inline constexpr u64 RESERVED_PART = 64;

/// memory's reclaim hook: drops clean pages of files with a store which nobody maps; how many. The caller holds no spin
/// lock. It may hold the lock of an address space, and so mapped pages are left alone: to take one from a space needs that
/// space's lock, and the last reference to a space whose program has ended closes files.
usize reclaim_unmapped_pages(usize wanted);

/// Drops clean pages, mapped or not; if there are none, writes dirty ones back and drops those. How many; 0: nothing is left.
/// The caller holds no spin lock, nor the lock of an address space. May sleep.
usize reclaim_pages(usize wanted);

/// Writes all dirty pages of files with a store back: of the file system whose pages `budget` counts, or (null) of all.
/// Errors: the first that a store gave, when all files were tried; RestartSys.
Result<> sync_page_caches(const PageBudget* budget);

}  // namespace exo::fs
