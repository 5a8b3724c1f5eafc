// AddressSpace::Edit: one operation that changes an address space. It holds the space's lock and, at its end,
// drops what it removed.
//
//   AddressSpace::Edit edit(space);              // locks the space exclusively
//   TRY(edit.unmap(start, end));                 // as many members as the operation needs
//                                                // end: flushes the TLB, unlocks, drops references to sources and files
//
// Every member of Edit needs the lock, and an Edit holds it. Only vm includes this file.
// Parts: map.cpp, unmap.cpp, protect.cpp, remap.cpp, advise.cpp, lock.cpp, clone.cpp, and grow_stack in fault.cpp.
#pragma once

#include <algorithm>
#include <optional>

#include "memory/virtual/tlb.hpp"
#include "utils/vector.hpp"
#include "vm/address_space.hpp"

namespace exo::vm {

/// [start, end). Anything may be mapped there, or nothing.
struct AddressRange {
    u64 start = 0;
    u64 end = 0;
    u64 size() const { return end - start; }
};

class AddressSpace::Edit {
  public:
    explicit Edit(AddressSpace& space) : space_(space), guard_(space.lock_.lock_exclusive()) { drop_hint(); }
    Edit(AddressSpace& space, Lock::ExclusiveGuard&& guard) : space_(space), guard_(std::move(guard)) {
        drop_hint();
    }
    Edit(const Edit&) = delete;
    Edit& operator=(const Edit&) = delete;

    State& state() const { return *guard_; }
    AreaSet& areas() const { return guard_->areas; }
    /// Call after areas grew: updates the largest number of mapped bytes.
    void note_peak() const { state().peak_bytes = std::max(state().peak_bytes, areas().total_bytes()); }
    /// The limits of the running thread, or those of the space if the thread has none.
    MemoryLimits limits() const { return limits_of(state()); }
    static MemoryLimits limits_of(const State& state);

    // ---- Functions of map.cpp.

    /// Chooses the address and replaces what a fixed mapping covers. If it fails, `request` keeps the
    /// references to source and file. Errors: those of mmap(2).
    Result<u64> map(MapRequest& request, u64 length);
    /// Chooses the address for `length` bytes. LINUX: get_unmapped_area and arch_get_unmapped_area_topdown.
    Result<u64> place(const MapRequest& request, u64 length) const;
    /// Checks RLIMIT_AS and RLIMIT_DATA for `bytes` more of this kind. Errors: Enomem.
    Result<> check_limits(const AreaKind& kind, u64 bytes, AreaSet::Overlap replaced) const;
    /// brk(2): returns the resulting break. `to_populate` gets the range that is new and locked.
    u64 move_break(u64 address, AddressRange& to_populate);

    // ---- Functions of unmap.cpp.

    /// Removes the areas and pages of a range. Errors: Enomem (too many areas, or no memory to split one).
    Result<> unmap(u64 start, u64 end);
    enum class Pages : u8 {
        All,
        Counted,       ///< All but the shared frame of zeros, whose removal frees nothing.
        SourceFrames,  ///< Frames of the source, not the private copies.
    };
    /// Clears page table entries. The areas stay unchanged.
    void remove_pages(u64 start, u64 end, Pages pages = Pages::All) {
        clear_entries(space_, batch(), {start, end}, pages);
    }
    /// Clears page table entries of a space that is locked, or that no other thread knows any more.
    static void clear_entries(AddressSpace& space, memory::TlbBatch& batch, AddressRange range, Pages pages);
    /// Whether the range has no entries. Checks the assumption about areas that are skipped as untouched.
    static bool has_no_pages(AddressSpace& space, AddressRange range);
    /// Removes the walk's pages from this space: from the next area of the walk, and from the following ones
    /// that belong to this space too.
    void unmap_source_pages(PageSource::Walk& walk);
    /// unmap_source_pages for reclaim: it never waits for the lock, and skips memory locked by mlock(2).
    /// Reclaim may run in a thread that the lock's holder waits for, and it removes no pages from a space
    /// that is being changed.
    static bool try_unmap_source_pages(AddressSpace& space, PageSource::Walk& walk);

    // ---- Functions of protect.cpp.

    /// mprotect(2). `to_copy` gets the locked ranges that have become writable; the caller populates them, so
    /// that no write waits for a copy. If there is no memory to record a range, the first write copies.
    /// LINUX: mprotect_fixup.
    Result<> protect(AddressRange range, Protection protection, Protection where_allowed,
                     Vector<AddressRange>& to_copy);

    // ---- Functions of remap.cpp.

    struct RemapRequest;
    /// mremap(2). Errors: those of mremap(2).
    Result<u64> remap(const RemapRequest& request);

    // ---- Functions of advise.cpp.

    /// madvise(2) of [start, end), which lies in `area`. Errors: Einval (not for this kind of memory),
    /// Enomem.
    Result<> advise(Area& area, u64 start, u64 end, abi::Advice advice);

    // ---- Functions of lock.cpp.

    /// Checks RLIMIT_MEMLOCK for `bytes` more in an area of this kind. Errors: Eagain. LINUX:
    /// mlock_future_check.
    Result<> check_lock_limit(const AreaKind& kind, u64 bytes) const;
    /// Sets the lock flags of the areas in a range. At a hole it fails; areas before the hole are changed.
    /// Errors: Einval, Enomem.
    /// LINUX: apply_vma_lock_flags.
    Result<> change_lock(u64 start, u64 size, AreaFlags lock);
    /// Sets the lock flags of all areas. An area that cannot be changed for lack of memory stays unchanged.
    /// LINUX: apply_mlockall_flags.
    void change_all_locks(AreaFlags lock);

    // ---- Functions of clone.cpp.

    /// Copies the areas to `child`, which no other thread knows yet, and shares the frames. Errors: Enomem (a
    /// part is done).
    Result<> clone_into(AddressSpace& child);

    // ---- Functions of fault.cpp.

    /// Extends the stack area above `address` down to it. Returns false if there is none, or if a limit
    /// forbids it.
    /// LINUX: mm/mmap.c, expand_stack and acct_stack_growth.
    bool grow_stack(u64 address);

  private:
    /// Clears the hint last_area_, because the operation may remove that area.
    void drop_hint() { space_.last_area_.store(nullptr, std::memory_order_relaxed); }
    memory::TlbBatch& batch() {
        if (!batch_) batch_.emplace(space_.page_table_);
        return *batch_;
    }
    void unmap_part(const PageSource::Walk& walk, const Area& area);
    void remove_write_rights(u64 start, u64 end);
    Result<Area*> protect_part(Area& area, u64 start, u64 end, AreaKind kind);
    void protect_pages(const Area& area);
    Result<u64> move_area(Area& area, const RemapRequest& request, u64 target);
    Result<> move_pages(u64 from, u64 to, u64 size);
    Result<> change_flags(Area& area, u64 start, u64 end, AreaFlags set, AreaFlags clear);
    Result<> clone_area(const Area& area, AddressSpace& child);
    Result<> copy_entries(const Area& area, AddressSpace& child);

    // The order matters: the batch flushes under the lock, and the areas' references are dropped after its
    // release.
    AddressSpace& space_;
    RemovedAreas removed_;
    Lock::ExclusiveGuard guard_;
    std::optional<memory::TlbBatch>
        batch_;  ///< Made when the first page is removed: many operations remove none.
};

}  // namespace exo::vm
