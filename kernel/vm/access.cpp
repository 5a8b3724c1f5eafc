// Faulting pages in explicitly, and reading and writing another address space.
#include <algorithm>
#include <cstring>

#include "scheduler/preemption.hpp"
#include "vm/fault.hpp"

namespace exo::vm {

using memory::EntrySlot;
using memory::FrameRef;
using memory::PageEntry;

namespace {

/// Makes the pages of [start, end) in one area, up to the first that cannot be made. LINUX:
/// populate_vma_page_range.
FaultResult populate_area(AddressSpace& space, const AreaInformation& area, u64 start, u64 end) {
    if (has(area.kind.flags, AreaFlags::LockOnFault)) return FaultResult::Resolved;
    // A private page is copied now, a shared one only read.
    const bool is_write =
        abi::has(area.kind.protection, Protection::Write) && !has(area.kind.flags, AreaFlags::Shared);
    for (u64 at = start; at < end; at += PAGE_SIZE) {
        const FaultResult result = space.fault(at, {.is_write = is_write});
        if (result != FaultResult::Resolved) return result;
        // A thread that is being killed needs no more pages.
        if (!scheduler::preempt_point(scheduler::WaitMode::Killable)) return FaultResult::OutOfMemory;
    }
    return FaultResult::Resolved;
}

}  // namespace

void AddressSpace::populate(u64 address, u64 length) {
    const u64 end = address + length;
    for (u64 at = align_down(address, PAGE_SIZE); at < end;) {
        const auto area = area_above(at);
        if (!area || area->start >= end) return;
        if (!scheduler::preempt_point(scheduler::WaitMode::Killable)) return;
        if (populate_area(*this, *area, std::max(at, area->start), std::min(end, area->end)) ==
            FaultResult::OutOfMemory)
            return;
        at = area->end;
    }
}

Result<> populate_locked_areas(AddressSpace& space, u64 start, u64 end) {
    for (u64 at = start; at < end;) {
        const auto area = space.area_above(at);
        if (!area || area->start >= end) return {};
        if (has(area->kind.flags, AreaFlags::Locked)) {
            switch (populate_area(space, *area, std::max(at, area->start), std::min(end, area->end))) {
                case FaultResult::Resolved:
                case FaultResult::NothingMapped: break;  // unmapped meanwhile
                case FaultResult::AccessDenied:
                case FaultResult::ExecuteOnly:
                case FaultResult::KeyDenied:
                case FaultResult::BeyondEnd: return Error::Enomem;
                case FaultResult::OutOfMemory: return Error::Eagain;
                case FaultResult::Interrupted: return Error::RestartSys;
                case FaultResult::MustWait: DEBUG_ASSERT(false); break;
            }
        }
        at = area->end;
        scheduler::preempt_point();
    }
    return {};
}

Result<> populate_strictly(AddressSpace& space, u64 start, u64 end, FaultAccess access) {
    const Protection needed = access.is_write ? Protection::Write : Protection::Read;
    Result<> result;
    for (u64 at = start; at < end;) {
        const auto area = space.area_above(at);
        if (!area || area->start >= end) return Error::Enomem;
        if (area->start > at) result = Error::Enomem;
        if (!abi::has(area->kind.protection, needed)) return Error::Einval;
        for (at = std::max(at, area->start); at < std::min(end, area->end); at += PAGE_SIZE) {
            TRY(scheduler::preempt_point(scheduler::WaitMode::Killable));
            switch (space.fault(at, access)) {
                case FaultResult::Resolved: break;
                case FaultResult::NothingMapped:  // unmapped meanwhile
                case FaultResult::OutOfMemory: return Error::Enomem;
                case FaultResult::AccessDenied:
                case FaultResult::ExecuteOnly:
                case FaultResult::KeyDenied: return Error::Einval;
                case FaultResult::BeyondEnd: return Error::Efault;
                case FaultResult::Interrupted: return Error::RestartSys;
                case FaultResult::MustWait: DEBUG_ASSERT(false); break;
            }
        }
    }
    return result;
}

namespace {

/// Whether an entry allows the access. It never grants more than its area does.
bool allows(PageEntry entry, FaultAccess access) {
    return entry.is_present() && (!access.is_write || entry.is_writable());
}

}  // namespace

Result<> AddressSpace::with_page(u64 address, FaultAccess access, FunctionRef<void(const FrameRef&)> use) {
    if (address >= memory::USER_END) return Error::Efault;
    for (bool has_faulted = false;; has_faulted = true) {
        {
            auto state = lock_.lock_shared();
            const EntrySlot slot = page_table_.find_slot(address);
            const PageEntry seen = slot ? slot.get() : PageEntry();
            // Where a key may forbid the access, the fault looks.
            if (allows(seen, access) && (has_faulted || !seen.has_key())) {
                if (const std::optional<FrameRef> frame = Fault::take_reference(slot, seen)) {
                    use(*frame);
                    return {};
                }
            }
        }
        const FaultResult result = fault(address, access);
        if (result == FaultResult::OutOfMemory) return Error::Enomem;
        if (result != FaultResult::Resolved) return Error::Efault;
    }
}

Result<> AddressSpace::touch(u64 address, FaultAccess access) {
    if (address >= memory::USER_END) return Error::Efault;
    {
        auto state = lock_.lock_shared();
        const EntrySlot slot = page_table_.find_slot(address);
        const PageEntry seen = slot ? slot.get() : PageEntry();
        if (allows(seen, access) && !seen.has_key()) return {};
    }
    switch (fault(address, access)) {
        case FaultResult::Resolved: return {};
        case FaultResult::OutOfMemory: return Error::Enomem;
        default: return Error::Efault;
    }
}

Result<FrameRef> AddressSpace::pin_page(u64 address, FaultAccess access) {
    FrameRef pinned;
    TRY(with_page(address, access, [&](const FrameRef& frame) { pinned = frame; }));
    return pinned;
}

Result<> AddressSpace::read_remote(u64 address, std::span<u8> to) {
    if (!memory::is_user_range(address, to.size())) return Error::Efault;
    while (!to.empty()) {
        const u64 offset = address & (PAGE_SIZE - 1);
        const usize size = std::min(to.size(), PAGE_SIZE - offset);
        TRY(with_page(
            address, {},
            [&](const FrameRef& frame) { std::memcpy(to.data(), frame.data() + offset, size); }));
        address += size;
        to = to.subspan(size);
        scheduler::preempt_point();
    }
    return {};
}

Result<> AddressSpace::write_remote(u64 address, std::span<const u8> from) {
    if (!memory::is_user_range(address, from.size())) return Error::Efault;
    while (!from.empty()) {
        const u64 offset = address & (PAGE_SIZE - 1);
        const usize size = std::min(from.size(), PAGE_SIZE - offset);
        TRY(with_page(
            address, {.is_write = true},
            [&](const FrameRef& frame) { std::memcpy(frame.data() + offset, from.data(), size); }));
        address += size;
        from = from.subspan(size);
        scheduler::preempt_point();
    }
    return {};
}

Result<> AddressSpace::clear_remote(u64 address, u64 size) {
    if (!memory::is_user_range(address, size)) return Error::Efault;
    while (size != 0) {
        const u64 offset = address & (PAGE_SIZE - 1);
        const usize part = std::min(size, PAGE_SIZE - offset);
        TRY(with_page(
            address, {.is_write = true},
            [&](const FrameRef& frame) { std::memset(frame.data() + offset, 0, part); }));
        address += part;
        size -= part;
        scheduler::preempt_point();
    }
    return {};
}

}  // namespace exo::vm
