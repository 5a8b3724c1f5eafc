// Page faults: demand paging, copy on write, stacks that grow.
#include <algorithm>

#include "arch/pages.hpp"
#include "scheduler/scheduler.hpp"
#include "vm/address_space.hpp"
#include "vm/commit.hpp"

namespace exo::vm {

using abi::has;
using memory::EntrySlot;
using memory::FrameRef;
using memory::PageEntry;
using memory::PageFlags;

namespace {

/// What every page reads that nobody has written. Never counted, never freed.
constinit memory::PhysicalAddress zero_frame;

constinit std::atomic<OutOfMemoryHook> out_of_memory_hook{nullptr};

/// How far around a fault pages of the source that are at hand are mapped along (Linux: fault_around_bytes).
constexpr u64 AROUND = 16 * PAGE_SIZE;

/// LINUX: mm_account_fault. All there is lies in memory, so no fault is a major one.
FaultResult count_fault(FaultResult result) {
    if (result == FaultResult::Resolved && arch::current_thread() != nullptr)
        scheduler::current_thread().count_minor_fault();
    return result;
}

FaultResult failure_of(Error error) {
    return error == Error::Enomem ? FaultResult::OutOfMemory : FaultResult::BeyondEnd;
}

}  // namespace

Result<> initialise() {
    zero_frame = TRY(memory::alloc_zeroed_frame());
    return {};
}

void set_out_of_memory_hook(OutOfMemoryHook hook) {
    out_of_memory_hook.store(hook, std::memory_order_release);
}

/// One fault in one area, and the entry as it was seen.
struct AddressSpace::Fault {
    const Area& area;
    u64 address;  ///< Of the page.
    FaultAccess access;
    EntrySlot slot;
    PageEntry seen;

    PageFlags flags() const { return area.page_flags(); }
};

/// Replaces the entry if it is still what was seen. The frame's reference becomes the mapping's; a frame that was mapped
/// before is let go once no CPU can reach it. False: somebody else was quicker, the reference is still the caller's.
bool AddressSpace::install(const Fault& fault, PageEntry entry) {
    if (entry.is_counted()) memory::record_of(entry.frame()).note_mapped();
    if (entry.is_counted() && entry.is_anonymous()) fault.area.note_private_page();
    bool is_ours;
    if (fault.seen.is_empty()) {
        is_ours = fault.slot.replace(fault.seen, entry);
    } else {
        const memory::TableNode::Lock lock(fault.slot.table);
        is_ours = fault.slot.replace(fault.seen, entry);
    }
    if (!is_ours) {
        if (entry.is_counted()) memory::record_of(entry.frame()).note_unmapped();
        return false;
    }
    Resident change;
    if (entry.is_counted()) ++(entry.is_anonymous() ? change.anonymous : change.source);
    if (!fault.seen.is_empty()) {
        page_table_.flush_tlb(memory::VirtualAddress(fault.address));
        if (fault.seen.is_counted()) {
            --(fault.seen.is_anonymous() ? change.anonymous : change.source);
            const u32 frame = fault.seen.frame();
            if (memory::record_of(frame).release_mapped()) memory::frames.put_frame(frame);
        }
    }
    count_resident(change);
    return true;
}

/// A reference to the frame in an entry, if the entry still is what was seen.
std::optional<FrameRef> AddressSpace::take_reference(const EntrySlot& slot, PageEntry seen) {
    const memory::TableNode::Lock lock(slot.table);
    if (!(slot.get() == seen)) return std::nullopt;
    return FrameRef::share(seen.address());
}

FaultResult AddressSpace::fill_anonymous(const Fault& fault) {
    if (!fault.access.is_write) {
        const PageFlags flags = fault.flags().without_write().uncounted();
        (void)install(fault, PageEntry::page(zero_frame, flags));
        return FaultResult::Resolved;
    }
    auto frame = FrameRef::allocate_zeroed();
    if (!frame) return FaultResult::OutOfMemory;
    if (install(fault, PageEntry::page(frame->address(), fault.flags().anonymous()))) (void)frame->leak();
    return FaultResult::Resolved;
}

/// Maps neighbours of a page that was just mapped for reading, if their source has them at hand: mostly they are needed.
void AddressSpace::map_neighbours(const Fault& fault) {
    const Area& area = fault.area;
    const u64 start = std::max(align_down(fault.address, AROUND), area.start);
    const u64 end = std::min(align_down(fault.address, AROUND) + AROUND, area.end);
    const PageFlags flags = fault.flags().without_write();
    i64 mapped = 0;
    for (u64 address = start; address < end; address += PAGE_SIZE) {
        // AROUND divides what a leaf table covers, so the table is the same.
        const EntrySlot slot{fault.slot.table, memory::entry_index(address, 1)};
        if (!slot.get().is_empty()) continue;
        FrameRef frame = area.source->peek_page(area.source_index(address));
        if (!frame) continue;
        frame.record().note_mapped();
        if (slot.replace(PageEntry(), PageEntry::page(frame.address(), flags))) {
            (void)frame.leak();
            ++mapped;
        } else {
            frame.record().note_unmapped();
        }
    }
    if (mapped != 0) count_resident({0, mapped});
}

FaultResult AddressSpace::fill_from_source(const Fault& fault) {
    const Area& area = fault.area;
    const bool copies = !area.is_shared() && fault.access.is_write;
    // A writable shared page will be written without another fault, unless its source wants one.
    const bool is_writable =
        area.may_write_directly() && (fault.access.is_write || !area.source->wants_write_faults());
    auto page = area.source->get_page(area.source_index(fault.address),
                                      is_writable ? PageAccess::Write : PageAccess::Read);
    if (!page) return failure_of(page.error());
    if (copies) {
        auto copy = FrameRef::allocate();
        if (!copy) return FaultResult::OutOfMemory;
        arch::copy_page(copy->data(), page->data());
        if (install(fault, PageEntry::page(copy->address(), fault.flags().anonymous()))) (void)copy->leak();
        return FaultResult::Resolved;
    }
    const PageFlags flags = is_writable ? fault.flags() : fault.flags().without_write();
    if (install(fault, PageEntry::page(page->address(), flags))) (void)page->leak();
    if (!is_writable) map_neighbours(fault);
    return FaultResult::Resolved;
}

/// A write to a page that is there, but not writable, in an area that is.
FaultResult AddressSpace::make_writable(const Fault& fault) {
    const Area& area = fault.area;
    if (area.is_shared()) {
        auto page = area.source->get_page(area.source_index(fault.address), PageAccess::Write);
        if (!page) return failure_of(page.error());
        if (install(fault, PageEntry::page(page->address(), fault.flags()))) (void)page->leak();
        return FaultResult::Resolved;
    }
    if (!fault.seen.is_counted()) {
        // The frame of zeros.
        auto frame = FrameRef::allocate_zeroed();
        if (!frame) return FaultResult::OutOfMemory;
        if (install(fault, PageEntry::page(frame->address(), fault.flags().anonymous()))) (void)frame->leak();
        return FaultResult::Resolved;
    }
    // Ours alone: the other side of the fork has copied its own, or has gone.
    if (fault.seen.is_anonymous() && memory::record_of(fault.seen.frame()).is_only_mapping()) {
        // CPUs that remember the entry without the right fault once more and find it.
        (void)fault.slot.replace(fault.seen, fault.seen.with_flags(fault.flags()));
        memory::flush_local({fault.address, fault.address + PAGE_SIZE});
        return FaultResult::Resolved;
    }
    // Other faults on this page may let the old frame go while it is copied, so take a reference.
    const std::optional<FrameRef> old = take_reference(fault.slot, fault.seen);
    if (!old) return FaultResult::Resolved;
    auto copy = FrameRef::allocate();
    if (!copy) return FaultResult::OutOfMemory;
    arch::copy_page(copy->data(), old->data());
    if (install(fault, PageEntry::page(copy->address(), fault.flags().anonymous()))) (void)copy->leak();
    return FaultResult::Resolved;
}

/// For an area with a key, or after a fault by one. LINUX: arch_vma_access_permitted: who looks from outside has no keys to
/// mind.
[[gnu::cold, gnu::noinline]] bool AddressSpace::is_denied_by_key(const Area& area, FaultAccess access) const {
    if (access.is_fetch || current_address_space() != this) return false;
    scheduler::SCHEDULER.load_fpu();  // the registers may still be another thread's
    return arch::key_denies(has(area.kind.flags, AreaFlags::ExecuteOnly) ? arch::EXECUTE_ONLY_KEY : 0,
                            access.is_write);
}

FaultResult AddressSpace::fault_in_area(const Area& area, u64 address, FaultAccess access) {
    const bool minds_keys = has(area.kind.flags, AreaFlags::ExecuteOnly) || access.violates_key;
    if (minds_keys && is_denied_by_key(area, access)) [[unlikely]]
        return has(area.kind.flags, AreaFlags::ExecuteOnly) ? FaultResult::ExecuteOnly
                                                            : FaultResult::KeyDenied;
    const Protection needed = access.is_write   ? Protection::Write
                              : access.is_fetch ? Protection::Exec
                                                : Protection::Read | Protection::Write | Protection::Exec;
    if (!has(area.kind.protection, needed)) return FaultResult::AccessDenied;
    const auto slot = page_table_.slot_for_fault(address);
    if (!slot) return FaultResult::OutOfMemory;
    const Fault fault{area, align_down(address, PAGE_SIZE), access, *slot, slot->get()};
    if (fault.seen.is_empty())
        return count_fault(area.source ? fill_from_source(fault) : fill_anonymous(fault));
    if (access.is_write && !fault.seen.is_writable()) return count_fault(make_writable(fault));
    // Somebody else has resolved it, or this CPU remembered an older entry.
    memory::flush_local({fault.address, fault.address + PAGE_SIZE});
    return FaultResult::Resolved;
}

/// LINUX: mm/mmap.c, expand_stack and acct_stack_growth.
bool AddressSpace::grow_stack(u64 address) {
    auto state = lock_.lock_exclusive();
    Area* stack = state->areas.find_end_above(address);
    if (stack == nullptr || !has(stack->kind.flags, AreaFlags::GrowsDown)) return false;
    const u64 start = align_down(address, PAGE_SIZE);
    if (stack->start <= start) return true;
    if (start < min_map_address.load(std::memory_order_relaxed)) return false;
    const Area* below = AreaSet::previous(*stack);
    const bool needs_gap = below != nullptr && !has(below->kind.flags, AreaFlags::GrowsDown) &&
                           below->kind.protection != Protection::None;
    if (needs_gap && start - below->end < AreaSet::STACK_GUARD_GAP) return false;
    const MemoryLimits limits = limits_for(*state);
    if (stack->end - start > limits.stack) return false;
    const u64 growth = stack->start - start;
    if (state->areas.total_bytes() + growth > limits.address_space) return false;
    if (!check_lock_limit(*state, stack->kind, growth)) return false;
    if (has(stack->kind.flags, AreaFlags::Charged) && !charge_commit(growth >> PAGE_SHIFT)) return false;
    last_area_.store(nullptr, std::memory_order_relaxed);
    stack->note_private_page();
    state->areas.resize(*stack, start, stack->end);
    state->peak_bytes = std::max(state->peak_bytes, state->areas.total_bytes());
    return true;
}

FaultResult AddressSpace::fault(u64 address, FaultAccess access) {
    if (address >= memory::USER_END) return FaultResult::NothingMapped;
    for (;;) {
        FaultResult result;
        {
            auto state = lock_.lock_shared();
            Area* area = last_area_.load(std::memory_order_relaxed);
            if (area == nullptr || !area->contains(address)) {
                area = state->areas.find(address);
                if (area != nullptr) last_area_.store(area, std::memory_order_relaxed);
            }
            result = area != nullptr ? fault_in_area(*area, address, access) : FaultResult::NothingMapped;
        }
        if (result == FaultResult::Resolved) return result;
        if (result == FaultResult::NothingMapped && grow_stack(address)) continue;
        if (result != FaultResult::OutOfMemory) return result;
        // acquire: pairs with set_out_of_memory_hook
        const OutOfMemoryHook hook = out_of_memory_hook.load(std::memory_order_acquire);
        if (hook == nullptr || !hook(*this)) return result;
    }
}

}  // namespace exo::vm
