// mlock(2) and related calls. LINUX: mm/mlock.c.
//
// This kernel never pages out, so a locked page is simply present. Locking makes the pages, counts them
// against RLIMIT_MEMLOCK, and refuses operations that would remove them.
#include <algorithm>

#include "scheduler/preemption.hpp"
#include "vm/edit.hpp"
#include "vm/fault.hpp"

namespace exo::vm {

using abi::LockAllFlags;
using abi::LockFlags;

namespace {

AreaFlags lock_of(bool is_on_fault) {
    return is_on_fault ? AreaFlags::Locked | AreaFlags::LockOnFault : AreaFlags::Locked;
}

/// The whole pages that contain [start, start + size). The size may wrap to 0, as on Linux.
struct PageSpan {
    u64 start;
    u64 size;
    PageSpan(u64 address, u64 length)
        : start(align_down(address, PAGE_SIZE)),
          size(align_up(length + (address - align_down(address, PAGE_SIZE)), PAGE_SIZE)) {}
};

}  // namespace

Result<> AddressSpace::Edit::check_lock_limit(const AreaKind& kind, u64 bytes) const {
    if (!has(kind.flags, AreaFlags::Locked)) return {};
    if (areas().locked_bytes() + bytes > limits().locked) return Error::Eagain;
    return {};
}

Result<> AddressSpace::Edit::change_lock(u64 start, u64 size, AreaFlags lock) {
    const auto end = checked_add(start, size);
    if (!end) return Error::Einval;
    for (u64 at = start; at < *end;) {
        Area* area = areas().find(at);
        if (area == nullptr) return Error::Enomem;
        const u64 to = std::min(*end, area->end);
        if (!has(area->kind.flags, AreaFlags::Special))
            TRY(change_flags(*area, at, to, lock, LOCK_FLAGS & ~lock));
        at = to;
        scheduler::preempt_point();
    }
    return {};
}

void AddressSpace::Edit::change_all_locks(AreaFlags lock) {
    for (Area* area = areas().first(); area != nullptr;) {
        const u64 end = area->end;
        if (!has(area->kind.flags, AreaFlags::Special))
            (void)change_flags(*area, area->start, end, lock, LOCK_FLAGS & ~lock);
        area = areas().find_end_above(end);
        scheduler::preempt_point();
    }
}

Result<> AddressSpace::lock_pages(u64 address, u64 length, LockFlags flags) {
    if (abi::has(flags, ~LockFlags::Onfault)) return Error::Einval;
    const PageSpan pages(address, length);
    {
        Edit edit(*this);
        const u64 bytes = edit.limits().locked;
        if (bytes == 0) return Error::Eperm;
        // Without a limit even a size that wraps is left to be found out below.
        const u64 limit = bytes == UINT64_MAX ? UINT64_MAX : bytes >> PAGE_SHIFT;
        u64 locked = (edit.areas().locked_bytes() >> PAGE_SHIFT) + (pages.size >> PAGE_SHIFT);
        if (locked > limit) {
            // Memory that is already locked is not counted twice.
            const u64 end = checked_add(pages.start, pages.size).value_or(memory::USER_END);
            locked -= edit.areas().measure(pages.start, end).locked >> PAGE_SHIFT;
        }
        if (locked > limit) return Error::Enomem;
        const AreaFlags lock = lock_of(abi::has(flags, LockFlags::Onfault));
        TRY(edit.change_lock(pages.start, pages.size, lock));
    }
    return populate_locked_areas(*this, pages.start, pages.start + pages.size);
}

Result<> AddressSpace::unlock_pages(u64 address, u64 length) {
    const PageSpan pages(address, length);
    return Edit(*this).change_lock(pages.start, pages.size, AreaFlags::None);
}

Result<> AddressSpace::lock_all(LockAllFlags flags) {
    constexpr LockAllFlags KNOWN = LockAllFlags::Current | LockAllFlags::Future | LockAllFlags::Onfault;
    if (flags == LockAllFlags::None || flags == LockAllFlags::Onfault || abi::has(flags, ~KNOWN))
        return Error::Einval;
    const AreaFlags lock = lock_of(abi::has(flags, LockAllFlags::Onfault));
    const bool is_for_current = abi::has(flags, LockAllFlags::Current);
    {
        Edit edit(*this);
        const u64 limit = edit.limits().locked;
        if (limit == 0) return Error::Eperm;
        if (is_for_current && edit.areas().total_bytes() > limit) return Error::Enomem;
        edit.state().future_lock = abi::has(flags, LockAllFlags::Future) ? lock : AreaFlags::None;
        if (is_for_current) edit.change_all_locks(lock);
    }
    // LINUX: pages that cannot be had are no error here.
    if (is_for_current) populate(0, memory::USER_END);
    return {};
}

void AddressSpace::unlock_all() {
    Edit edit(*this);
    edit.state().future_lock = AreaFlags::None;
    edit.change_all_locks(AreaFlags::None);
}

}  // namespace exo::vm
