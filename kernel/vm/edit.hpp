// AddressSpace::Edit: one operation that changes an address space, from taking its lock to dropping what it removed.
//
//   AddressSpace::Edit edit(space);              // locks the space exclusively
//   TRY(edit.unmap(start, end));                 // as many members as the operation needs
//                                                // end: flushes the TLB, unlocks, drops references to sources and files
//
// A member of Edit needs the lock and has it: there is no other way to reach one. vm alone includes this file.
// Parts: map.cpp, unmap.cpp, protect.cpp, remap.cpp, advise.cpp, lock.cpp, clone.cpp, and grow_stack in fault.cpp.
#pragma once

#include <algorithm>
#include <optional>

#include "memory/virtual/tlb.hpp"
#include "utils/vector.hpp"
#include "vm/address_space.hpp"

namespace exo::vm {

/// [start, end), without a promise about what is mapped there.
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
    /// After areas grew: the most bytes that were mapped at a time.
    void note_peak() const { state().peak_bytes = std::max(state().peak_bytes, areas().total_bytes()); }
    /// The limits of the thread that runs; of the space, where that thread has none.
    MemoryLimits limits() const { return limits_of(state()); }
    static MemoryLimits limits_of(const State& state);

    // ---- map.cpp

    /// Chooses the place, and replaces what a fixed mapping covers. Errors: those of mmap(2). `request` keeps the references
    /// to source and file where the mapping fails.
    Result<u64> map(MapRequest& request, u64 length);
    /// Where mmap(2) puts `length` bytes. LINUX: get_unmapped_area and arch_get_unmapped_area_topdown.
    Result<u64> place(const MapRequest& request, u64 length) const;
    /// RLIMIT_AS and RLIMIT_DATA, for `bytes` more of the kind. Errors: Enomem.
    Result<> check_limits(const AreaKind& kind, u64 bytes, AreaSet::Overlap replaced) const;
    /// brk(2): the break afterwards. `to_populate` gets the range that is new and locked.
    u64 move_break(u64 address, AddressRange& to_populate);

    // ---- unmap.cpp

    /// Errors: Enomem (too many areas, or no memory to cut one in two).
    Result<> unmap(u64 start, u64 end);
    enum class Pages : u8 {
        All,
        Counted,       ///< All but the frame of zeros, in which there is nothing to be given back.
        SourceFrames,  ///< Not the private copies.
    };
    /// Clears entries of the page table; areas stay as they are.
    void remove_pages(u64 start, u64 end, Pages pages = Pages::All) {
        clear_entries(space_, batch(), {start, end}, pages);
    }
    /// Clears entries of a space that is locked, or that nobody knows any more.
    static void clear_entries(AddressSpace& space, memory::TlbBatch& batch, AddressRange range, Pages pages);
    /// What must hold for areas whose pages are not looked at.
    static bool has_no_pages(AddressSpace& space, AddressRange range);
    /// Takes the walk's pages out of this space: out of the next area that the walk meets, and out of those behind it that
    /// are of this space too.
    void unmap_source_pages(PageSource::Walk& walk);
    /// unmap_source_pages for reclaim: never waits for the lock, and respects mlock(2). Reclaim may run in a thread that the
    /// lock's holder waits for, and takes no pages from a space that is being changed.
    static bool try_unmap_source_pages(AddressSpace& space, PageSource::Walk& walk);

    // ---- protect.cpp

    /// mprotect(2). `to_copy` gets what is locked and can be written from now on: the caller populates it, so that no write
    /// waits for a copy. Where there is no memory for the note, the first write copies. LINUX: mprotect_fixup.
    Result<> protect(AddressRange range, Protection protection, Protection where_allowed,
                     Vector<AddressRange>& to_copy);

    // ---- remap.cpp

    struct RemapRequest;
    /// mremap(2). Errors: those of the call.
    Result<u64> remap(const RemapRequest& request);

    // ---- advise.cpp

    /// madvise(2) of [start, end), which lies in `area`. Errors: Einval (not for such memory), Enomem.
    Result<> advise(Area& area, u64 start, u64 end, abi::Advice advice);

    // ---- lock.cpp

    /// RLIMIT_MEMLOCK, for `bytes` more in an area of this kind. Errors: Eagain. LINUX: mlock_future_check.
    Result<> check_lock_limit(const AreaKind& kind, u64 bytes) const;
    /// Gives the areas of a range these lock flags; what lies before a hole is changed. Errors: Einval, Enomem.
    /// LINUX: apply_vma_lock_flags.
    Result<> change_lock(u64 start, u64 size, AreaFlags lock);
    /// Gives all areas these lock flags. An area that cannot be changed for want of memory stays as it is.
    /// LINUX: apply_mlockall_flags.
    void change_all_locks(AreaFlags lock);

    // ---- clone.cpp

    /// Copies the areas to `child`, which nobody else knows yet, and shares the frames. Errors: Enomem (a part is done).
    Result<> clone_into(AddressSpace& child);

    // ---- fault.cpp

    /// Extends the stack area above `address` down to it. False: there is none, or a limit forbids it.
    /// LINUX: mm/mmap.c, expand_stack and acct_stack_growth.
    bool grow_stack(u64 address);

  private:
    /// The operation may remove the area that the hint names.
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

    // In this order: the batch flushes under the lock, and the areas' references are dropped after it.
    AddressSpace& space_;
    RemovedAreas removed_;
    Lock::ExclusiveGuard guard_;
    std::optional<memory::TlbBatch>
        batch_;  ///< None before the first page goes: many operations take none away.
};

}  // namespace exo::vm
