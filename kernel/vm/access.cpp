// Faulting pages in on purpose, and reading and writing a space from outside; the upcall from the machine.
#include <algorithm>
#include <cstring>

#include "arch/upcalls.hpp"
#include "scheduler/preemption.hpp"
#include "sync/per_cpu.hpp"
#include "vm/address_space.hpp"
#include "vm/user_memory.hpp"

namespace exo::vm {

using memory::EntrySlot;
using memory::FrameRef;
using memory::PageEntry;

namespace {
constinit sync::PerCpu<FaultResult> last_results;
}

FaultResult last_fault_result() { return last_results.mine(); }

void AddressSpace::populate(u64 address, u64 length) {
    const u64 end = address + length;
    for (u64 at = align_down(address, PAGE_SIZE); at < end;) {
        const auto area = area_above(at);
        if (!area || area->start >= end) return;
        if (!scheduler::preempt_point(scheduler::WaitMode::Killable)) return;
        if (populate_area(*area, std::max(at, area->start), std::min(end, area->end)) ==
            FaultResult::OutOfMemory)
            return;
        at = area->end;
    }
}

/// The pages of [start, end) in one area, up to the first that cannot be had. LINUX: populate_vma_page_range.
FaultResult AddressSpace::populate_area(const AreaInformation& area, u64 start, u64 end) {
    if (has(area.kind.flags, AreaFlags::LockOnFault)) return FaultResult::Resolved;
    // A private page is copied now, a shared one only read.
    const bool is_write =
        abi::has(area.kind.protection, Protection::Write) && !has(area.kind.flags, AreaFlags::Shared);
    for (u64 at = start; at < end; at += PAGE_SIZE) {
        const FaultResult result = fault(at, {.is_write = is_write});
        if (result != FaultResult::Resolved) return result;
        // Who is being killed needs no more pages.
        if (!scheduler::preempt_point(scheduler::WaitMode::Killable)) return FaultResult::OutOfMemory;
    }
    return FaultResult::Resolved;
}

/// madvise(MADV_POPULATE_…): the first page that cannot be had decides, and holes are told at the end.
Result<> AddressSpace::populate_strictly(u64 start, u64 end, FaultAccess access) {
    const Protection needed = access.is_write ? Protection::Write : Protection::Read;
    Result<> result;
    for (u64 at = start; at < end;) {
        const auto area = area_above(at);
        if (!area || area->start >= end) return Error::Enomem;
        if (area->start > at) result = Error::Enomem;
        if (!abi::has(area->kind.protection, needed)) return Error::Einval;
        for (at = std::max(at, area->start); at < std::min(end, area->end); at += PAGE_SIZE) {
            TRY(scheduler::preempt_point(scheduler::WaitMode::Killable));
            switch (fault(at, access)) {
                case FaultResult::Resolved: break;
                case FaultResult::NothingMapped:  // unmapped meanwhile
                case FaultResult::OutOfMemory: return Error::Enomem;
                case FaultResult::AccessDenied:
                case FaultResult::ExecuteOnly:
                case FaultResult::KeyDenied: return Error::Einval;
                case FaultResult::BeyondEnd: return Error::Efault;
            }
        }
    }
    return result;
}

/// Calls `use` with the page's frame while the space is locked for sharing, so that no fork comes between.
Result<> AddressSpace::with_page(u64 address, FaultAccess access, FunctionRef<void(const FrameRef&)> use) {
    for (;;) {
        const FaultResult result = fault(address, access);
        if (result == FaultResult::OutOfMemory) return Error::Enomem;
        if (result != FaultResult::Resolved) return Error::Efault;
        auto state = lock_.lock_shared();
        const EntrySlot slot = page_table_.find_slot(address);
        if (!slot) continue;
        const PageEntry seen = slot.get();
        if (!seen.is_present() || (access.is_write && !seen.is_writable())) continue;
        const std::optional<FrameRef> frame = take_reference(slot, seen);
        if (!frame) continue;
        use(*frame);
        return {};
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

}  // namespace exo::vm

namespace exo::upcalls {

bool page_fault(u64 address, arch::FaultCause cause, [[maybe_unused]] arch::UserRegisters* user_registers) {
    if (vm::are_faults_disabled()) return false;
    vm::AddressSpace* space = vm::current_address_space();
    // A fault of the program's own is a stay by itself; one of a copy is a part of its call's.
    if (user_registers != nullptr) scheduler::watchdog::begin_stay();
    const vm::FaultResult result = space != nullptr
                                       ? space->fault(address, {.is_write = cause.is_write,
                                                                .is_fetch = cause.is_fetch,
                                                                .violates_key = cause.violates_key})
                                       : vm::FaultResult::NothingMapped;
    vm::last_results.mine() = result;
    return result == vm::FaultResult::Resolved;
}

}  // namespace exo::upcalls
