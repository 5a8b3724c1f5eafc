// AddressSpace::Fault: one page fault in one area. Faults of a space run concurrently: they hold its lock
// shared, and change a page table entry only by compare-exchange from the value that they saw. Only vm
// includes this file.
#pragma once

#include <optional>

#include "vm/address_space.hpp"

namespace exo::vm {

class AddressSpace::Fault {
  public:
    /// Resolves a fault at `address`, which lies in `area`. The caller holds the lock of the space shared.
    static FaultResult resolve(AddressSpace& space, const Area& area, u64 address, FaultAccess access);
    /// Resolves a fault whose page must first be read or waited for. The caller does not hold the lock.
    static FaultResult wait_and_resolve(AddressSpace& space, u64 address, FaultAccess access);

    /// Takes a reference to the frame in an entry, if the entry still has the value that was seen.
    static std::optional<memory::FrameRef> take_reference(const memory::EntrySlot& slot,
                                                          memory::PageEntry seen);

  private:
    Fault(AddressSpace& space, const Area& area, u64 address, FaultAccess access,
          const memory::EntrySlot& slot)
        : space_(space),
          area_(area),
          address_(align_down(address, PAGE_SIZE)),
          access_(access),
          slot_(slot),
          seen_(slot.get()) {}

    static bool is_denied_by_key(const AddressSpace& space, const Area& area, FaultAccess access);
    memory::PageFlags flags() const { return area_.page_flags(); }
    u64 source_index() const { return area_.source_index(address_); }

    FaultResult fill_anonymous() const;
    FaultResult fill_from_source() const;
    FaultResult make_writable() const;
    void map_neighbours() const;
    bool install(memory::PageEntry entry) const;

    AddressSpace& space_;
    const Area& area_;
    u64 address_;  ///< The address of the page.
    FaultAccess access_;
    memory::EntrySlot slot_;
    memory::PageEntry seen_;  ///< The entry at the fault's start.
};

// ---- Making pages before a program touches them (access.cpp). The caller does not hold the lock of the
// space.

/// Makes the pages of locked areas. Errors: Enomem (no access right, or behind the end of a file), Eagain (no
/// memory).
Result<> populate_locked_areas(AddressSpace& space, u64 start, u64 end);

/// madvise(MADV_POPULATE_…): stops at the first page that cannot be made. Holes are reported at the end.
/// Errors: Enomem, Einval (no access right), Efault (behind the end of a file), RestartSys (the thread is
/// being killed).
Result<> populate_strictly(AddressSpace& space, u64 start, u64 end, FaultAccess access);

}  // namespace exo::vm
