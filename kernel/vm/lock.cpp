// mlock(2) and its family. LINUX: mm/mlock.c.
//
// Nothing is ever paged out here, so a locked page is one that is there. What is left of locking is to make the pages,
// to count them against RLIMIT_MEMLOCK, and to refuse what would take them away.
#include <algorithm>

#include "scheduler/preemption.hpp"
#include "vm/address_space.hpp"

namespace exo::vm {

using abi::LockAllFlags;
using abi::LockFlags;

namespace {

AreaFlags lock_of(bool is_on_fault) {
    return is_on_fault ? AreaFlags::Locked | AreaFlags::LockOnFault : AreaFlags::Locked;
}

/// [start, start + size) in whole pages. The size may wrap to 0, as it does on Linux.
struct PageSpan {
    u64 start;
    u64 size;
    PageSpan(u64 address, u64 length)
        : start(align_down(address, PAGE_SIZE)),
          size(align_up(length + (address - align_down(address, PAGE_SIZE)), PAGE_SIZE)) {}
};

}  // namespace

/// LINUX: mlock_future_check. `bytes` more in an area of this kind.
Result<> AddressSpace::check_lock_limit(const State& state, const AreaKind& kind, u64 bytes) {
    if (!has(kind.flags, AreaFlags::Locked)) return {};
    if (state.areas.locked_bytes() + bytes > limits_for(state).locked) return Error::Eagain;
    return {};
}

/// LINUX: apply_vma_lock_flags. What lies before a hole is changed.
Result<> AddressSpace::change_lock(State& state, u64 start, u64 size, AreaFlags lock, RemovedAreas& removed) {
    const auto end = checked_add(start, size);
    if (!end) return Error::Einval;
    last_area_.store(nullptr, std::memory_order_relaxed);
    for (u64 at = start; at < *end;) {
        Area* area = state.areas.find(at);
        if (area == nullptr) return Error::Enomem;
        const u64 to = std::min(*end, area->end);
        TRY(change_flags(state, *area, at, to, lock, LOCK_FLAGS & ~lock, removed));
        at = to;
        scheduler::preempt_point();
    }
    return {};
}

/// LINUX: apply_mlockall_flags. An area that cannot be changed for want of memory stays as it is.
void AddressSpace::change_all_locks(State& state, AreaFlags lock, RemovedAreas& removed) {
    last_area_.store(nullptr, std::memory_order_relaxed);
    for (Area* area = state.areas.first(); area != nullptr;) {
        const u64 end = area->end;
        (void)change_flags(state, *area, area->start, end, lock, LOCK_FLAGS & ~lock, removed);
        area = state.areas.find_end_above(end);
        scheduler::preempt_point();
    }
}

/// Makes the pages of locked areas. Errors: Enomem (no right to them, or behind the end of a file), Eagain (no memory).
Result<> AddressSpace::populate_locked(u64 start, u64 end) {
    for (u64 at = start; at < end;) {
        const auto area = area_above(at);
        if (!area || area->start >= end) return {};
        if (has(area->kind.flags, AreaFlags::Locked)) {
            switch (populate_area(*area, std::max(at, area->start), std::min(end, area->end))) {
                case FaultResult::Resolved:
                case FaultResult::NothingMapped: break;  // unmapped meanwhile
                case FaultResult::AccessDenied:
                case FaultResult::ExecuteOnly:
                case FaultResult::KeyDenied:
                case FaultResult::BeyondEnd: return Error::Enomem;
                case FaultResult::OutOfMemory: return Error::Eagain;
            }
        }
        at = area->end;
        scheduler::preempt_point();
    }
    return {};
}

Result<> AddressSpace::lock_pages(u64 address, u64 length, LockFlags flags) {
    if (abi::has(flags, ~LockFlags::Onfault)) return Error::Einval;
    const PageSpan pages(address, length);
    {
        RemovedAreas removed;  // dropped after the lock
        auto state = lock_.lock_exclusive();
        const u64 bytes = limits_for(*state).locked;
        if (bytes == 0) return Error::Eperm;
        // Without a limit even a size that wraps is left to be found out below.
        const u64 limit = bytes == UINT64_MAX ? UINT64_MAX : bytes >> PAGE_SHIFT;
        u64 locked = (state->areas.locked_bytes() >> PAGE_SHIFT) + (pages.size >> PAGE_SHIFT);
        if (locked > limit) {
            // What is locked already is not counted twice.
            const u64 end = checked_add(pages.start, pages.size).value_or(memory::USER_END);
            locked -= state->areas.measure(pages.start, end).locked >> PAGE_SHIFT;
        }
        if (locked > limit) return Error::Enomem;
        const AreaFlags lock = lock_of(abi::has(flags, LockFlags::Onfault));
        TRY(change_lock(*state, pages.start, pages.size, lock, removed));
    }
    return populate_locked(pages.start, pages.start + pages.size);
}

Result<> AddressSpace::unlock_pages(u64 address, u64 length) {
    const PageSpan pages(address, length);
    RemovedAreas removed;  // dropped after the lock
    auto state = lock_.lock_exclusive();
    return change_lock(*state, pages.start, pages.size, AreaFlags::None, removed);
}

Result<> AddressSpace::lock_all(LockAllFlags flags) {
    constexpr LockAllFlags KNOWN = LockAllFlags::Current | LockAllFlags::Future | LockAllFlags::Onfault;
    if (flags == LockAllFlags::None || flags == LockAllFlags::Onfault || abi::has(flags, ~KNOWN))
        return Error::Einval;
    const AreaFlags lock = lock_of(abi::has(flags, LockAllFlags::Onfault));
    const bool is_for_current = abi::has(flags, LockAllFlags::Current);
    {
        RemovedAreas removed;  // dropped after the lock
        auto state = lock_.lock_exclusive();
        const u64 limit = limits_for(*state).locked;
        if (limit == 0) return Error::Eperm;
        if (is_for_current && state->areas.total_bytes() > limit) return Error::Enomem;
        state->future_lock = abi::has(flags, LockAllFlags::Future) ? lock : AreaFlags::None;
        if (is_for_current) change_all_locks(*state, lock, removed);
    }
    // LINUX: pages that cannot be had are no error here.
    if (is_for_current) populate(0, memory::USER_END);
    return {};
}

void AddressSpace::unlock_all() {
    RemovedAreas removed;  // dropped after the lock
    auto state = lock_.lock_exclusive();
    state->future_lock = AreaFlags::None;
    change_all_locks(*state, AreaFlags::None, removed);
}

}  // namespace exo::vm
