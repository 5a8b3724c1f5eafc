// AddressSpace::Fault: one page fault in one area. Faults of a space run side by side: they share its lock, and change an
// entry of the page table only by compare-exchange from what they saw. vm alone includes this file.
#pragma once

#include <optional>

#include "vm/address_space.hpp"

namespace exo::vm {

class AddressSpace::Fault {
  public:
    /// Resolves a fault in `area`, in which `address` lies. The caller shares the lock of the space.
    static FaultResult resolve(AddressSpace& space, const Area& area, u64 address, FaultAccess access);
    /// Resolves a fault whose page must be read or waited for first. The caller does not hold the lock.
    static FaultResult wait_and_resolve(AddressSpace& space, u64 address, FaultAccess access);

    /// A reference to the frame in an entry, if the entry still is what was seen.
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
    u64 address_;  ///< Of the page.
    FaultAccess access_;
    memory::EntrySlot slot_;
    memory::PageEntry seen_;  ///< The entry at the fault's start.
};

// ---- Making pages before a program touches them. Called without the lock of the space. Parts: access.cpp.

/// Makes the pages of locked areas. Errors: Enomem (no right to them, or behind the end of a file), Eagain (no memory).
Result<> populate_locked_areas(AddressSpace& space, u64 start, u64 end);

/// madvise(MADV_POPULATE_…): the first page that cannot be had decides, and holes are told at the end.
/// Errors: Enomem, Einval (no right to them), Efault (behind the end of a file), RestartSys (the thread is to die).
Result<> populate_strictly(AddressSpace& space, u64 start, u64 end, FaultAccess access);

}  // namespace exo::vm
