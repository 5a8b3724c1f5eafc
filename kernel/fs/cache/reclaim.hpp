// Reclaim: takes pages back from page caches when memory is short. Also sync(2) over all files with a backing
// store.
//
// Reclaim is the clock algorithm: it visits the files in turn, and the pages of each file in order. It drops
// a page that was not used since the last visit. Uses through a mapping are not recorded: a mapped page
// counts as used only if it was mapped, or read by a system call, since the last visit.
//
// memory calls it through its reclaim hook before an allocation fails; posix_x calls it before it kills a
// process.
// Locking: a spin lock guards the list of caches and the position of the next visit. No page is touched under
// it.
#pragma once

#include "fs/cache/page_cache.hpp"

namespace exo::fs {

/// Reads from a device leave 1/64 of memory free.
inline constexpr u64 RESERVED_PART = 64;

/// memory's reclaim hook: drops clean, unmapped pages of files with a store. Returns how many. The caller
/// holds no spin lock. It may hold the lock of an address space, so mapped pages stay: to unmap one needs the
/// lock of its space, and dropping the last reference to the space of an ended program closes files.
usize reclaim_unmapped_pages(usize wanted);

/// Drops clean pages, mapped or not; if there are none, writes dirty pages back and drops those. Returns how
/// many; 0 means that nothing is left to drop.
/// The caller holds neither a spin lock nor the lock of an address space. May sleep.
usize reclaim_pages(usize wanted);

/// Writes back all dirty pages of files with a store: those of the file system that `budget` belongs to, or
/// of all file systems if `budget` is null.
/// Errors: the first error that a store gave, after all files were tried; RestartSys.
Result<> sync_page_caches(const PageBudget* budget);

}  // namespace exo::fs
