// Page faults: the upcall from the machine, demand paging, copy on write, stacks that grow.
#include "vm/fault.hpp"

#include <algorithm>

#include "arch/pages.hpp"
#include "arch/upcalls.hpp"
#include "memory/fault_injection.hpp"
#include "scheduler/preemption.hpp"
#include "scheduler/scheduler.hpp"
#include "vm/commit.hpp"
#include "vm/edit.hpp"
#include "vm/user_memory.hpp"

namespace exo::vm {

using abi::has;
using memory::EntrySlot;
using memory::FrameRef;
using memory::PageEntry;
using memory::PageFlags;

namespace {

/// The frame that all reads of untouched memory share. It is never counted and never freed.
constinit memory::PhysicalAddress zero_frame;

constinit std::atomic<OutOfMemoryHook> out_of_memory_hook{nullptr};

/// The range around a fault in which available pages of the source are mapped too (Linux:
/// fault_around_bytes).
constexpr u64 AROUND = 16 * PAGE_SIZE;

/// Counts a fault. LINUX: mm_account_fault counts a fault that waited for a device as a major one; this
/// kernel counts all as minor.
FaultResult count_fault(FaultResult result) {
    if (result == FaultResult::Resolved && arch::current_thread() != nullptr)
        scheduler::current_thread().count_minor_fault();
    return result;
}

FaultResult failure_of(Error error) {
    switch (error) {
        case Error::Enomem: return FaultResult::OutOfMemory;
        case Error::Eagain: return FaultResult::MustWait;
        case Error::RestartSys: return FaultResult::Interrupted;
        default: return FaultResult::BeyondEnd;
    }
}

}  // namespace

Result<> initialise() {
    zero_frame = TRY(memory::alloc_zeroed_frame());
    return {};
}

void set_out_of_memory_hook(OutOfMemoryHook hook) {
    out_of_memory_hook.store(hook, std::memory_order_release);
}

/// Replaces the entry if it still has the value that was seen. The frame's reference becomes the mapping's. A
/// frame that was mapped before is released once no CPU can access it. Returns false if another thread has
/// changed the entry; the caller then still owns the reference.
bool AddressSpace::Fault::install(PageEntry entry) const {
    if (entry.is_counted()) memory::record_of(entry.frame()).note_mapped();
    if (entry.is_counted() && entry.is_anonymous()) area_.note_private_page();
    bool is_ours;
    if (seen_.is_empty()) {
        is_ours = slot_.replace(seen_, entry);
    } else {
        const memory::TableNode::Lock lock(slot_.table);
        is_ours = slot_.replace(seen_, entry);
    }
    if (!is_ours) {
        if (entry.is_counted()) memory::record_of(entry.frame()).note_unmapped();
        return false;
    }
    Resident change;
    if (entry.is_counted()) ++(entry.is_anonymous() ? change.anonymous : change.source);
    if (!seen_.is_empty()) {
        space_.page_table_.flush_tlb(memory::VirtualAddress(address_));
        if (seen_.is_counted()) {
            --(seen_.is_anonymous() ? change.anonymous : change.source);
            const u32 frame = seen_.frame();
            if (memory::record_of(frame).release_mapped()) memory::frames.put_frame(frame);
        }
    }
    space_.count_resident(change);
    return true;
}

std::optional<FrameRef> AddressSpace::Fault::take_reference(const EntrySlot& slot, PageEntry seen) {
    const memory::TableNode::Lock lock(slot.table);
    if (!(slot.get() == seen)) return std::nullopt;
    return FrameRef::share(seen.address());
}

FaultResult AddressSpace::Fault::fill_anonymous() const {
    if (!access_.is_write) {
        (void)install(PageEntry::page(zero_frame, flags().without_write().uncounted()));
        return FaultResult::Resolved;
    }
    auto frame = FrameRef::allocate_zeroed();
    if (!frame) return FaultResult::OutOfMemory;
    if (install(PageEntry::page(frame->address(), flags().anonymous()))) (void)frame->leak();
    return FaultResult::Resolved;
}

/// Maps the neighbours of a page that was just mapped for reading, if their source has them available.
/// Programs often read them next.
void AddressSpace::Fault::map_neighbours() const {
    const u64 start = std::max(align_down(address_, AROUND), area_.start);
    const u64 end = std::min(align_down(address_, AROUND) + AROUND, area_.end);
    const PageFlags read_only = flags().without_write();
    i64 mapped = 0;
    for (u64 address = start; address < end; address += PAGE_SIZE) {
        // AROUND divides what a leaf table covers, so the table is the same.
        const EntrySlot slot{slot_.table, memory::entry_index(address, 1)};
        if (!slot.get().is_empty()) continue;
        FrameRef frame = area_.source->peek_page(area_.source_index(address));
        if (!frame) continue;
        frame.record().note_mapped();
        if (slot.replace(PageEntry(), PageEntry::page(frame.address(), read_only))) {
            (void)frame.leak();
            ++mapped;
        } else {
            frame.record().note_unmapped();
        }
    }
    if (mapped != 0) space_.count_resident({0, mapped});
}

FaultResult AddressSpace::Fault::fill_from_source() const {
    const bool copies = !area_.is_shared() && access_.is_write;
    // A writable shared page will be written without another fault, unless its source wants one.
    const bool is_writable =
        area_.may_write_directly() && (access_.is_write || !area_.source->wants_write_faults());
    auto page = area_.source->get_page(source_index(), is_writable ? PageAccess::Write : PageAccess::Read);
    if (!page) return failure_of(page.error());
    if (copies) {
        auto copy = FrameRef::allocate();
        if (!copy) return FaultResult::OutOfMemory;
        arch::copy_page(copy->data(), page->data());
        if (install(PageEntry::page(copy->address(), flags().anonymous()))) (void)copy->leak();
        return FaultResult::Resolved;
    }
    const PageFlags rights = is_writable ? flags() : flags().without_write();
    if (install(PageEntry::page(page->address(), rights))) (void)page->leak();
    if (!is_writable) map_neighbours();
    return FaultResult::Resolved;
}

/// Handles a write to a present, read-only page in a writable area.
FaultResult AddressSpace::Fault::make_writable() const {
    if (area_.is_shared()) {
        auto page = area_.source->get_page(source_index(), PageAccess::Write);
        if (!page) return failure_of(page.error());
        if (install(PageEntry::page(page->address(), flags()))) (void)page->leak();
        return FaultResult::Resolved;
    }
    if (!seen_.is_counted()) {
        // The frame of zeros.
        auto frame = FrameRef::allocate_zeroed();
        if (!frame) return FaultResult::OutOfMemory;
        if (install(PageEntry::page(frame->address(), flags().anonymous()))) (void)frame->leak();
        return FaultResult::Resolved;
    }
    // Ours alone: the other side of the fork has copied its own, or has gone.
    if (seen_.is_anonymous() && memory::record_of(seen_.frame()).is_only_mapping()) {
        // CPUs that remember the entry without the right fault once more and find it.
        (void)slot_.replace(seen_, seen_.with_flags(flags()));
        memory::flush_local({address_, address_ + PAGE_SIZE});
        return FaultResult::Resolved;
    }
    // Other faults on this page may let the old frame go while it is copied, so take a reference.
    const std::optional<FrameRef> old = take_reference(slot_, seen_);
    if (!old) return FaultResult::Resolved;
    auto copy = FrameRef::allocate();
    if (!copy) return FaultResult::OutOfMemory;
    arch::copy_page(copy->data(), old->data());
    if (install(PageEntry::page(copy->address(), flags().anonymous()))) (void)copy->leak();
    return FaultResult::Resolved;
}

/// Checks the protection key, for an area with a key or after a fault by one. LINUX:
/// arch_vma_access_permitted: keys do not apply to accesses by other processes.
[[gnu::cold, gnu::noinline]] bool AddressSpace::Fault::is_denied_by_key(const AddressSpace& space,
                                                                        const Area& area,
                                                                        FaultAccess access) {
    if (access.is_fetch || current_address_space() != &space) return false;
    scheduler::SCHEDULER.load_fpu();  // the registers may still be another thread's
    return arch::key_denies(has(area.kind.flags, AreaFlags::ExecuteOnly) ? arch::EXECUTE_ONLY_KEY : 0,
                            access.is_write);
}

FaultResult AddressSpace::Fault::resolve(AddressSpace& space, const Area& area, u64 address,
                                         FaultAccess access) {
    const bool minds_keys = has(area.kind.flags, AreaFlags::ExecuteOnly) || access.violates_key;
    if (minds_keys && is_denied_by_key(space, area, access)) [[unlikely]]
        return has(area.kind.flags, AreaFlags::ExecuteOnly) ? FaultResult::ExecuteOnly
                                                            : FaultResult::KeyDenied;
    const Protection needed = access.is_write   ? Protection::Write
                              : access.is_fetch ? Protection::Exec
                                                : Protection::Read | Protection::Write | Protection::Exec;
    if (!has(area.kind.protection, needed)) return FaultResult::AccessDenied;
    area.note_touched();
    const auto slot = space.page_table_.slot_for_fault(address);
    if (!slot) return FaultResult::OutOfMemory;
    const Fault fault(space, area, address, access, *slot);
    if (fault.seen_.is_empty())
        return count_fault(area.source ? fault.fill_from_source() : fault.fill_anonymous());
    if (access.is_write && !fault.seen_.is_writable()) return count_fault(fault.make_writable());
    // Another thread has resolved the fault, or this CPU's TLB had an older entry.
    memory::flush_local({fault.address_, fault.address_ + PAGE_SIZE});
    return FaultResult::Resolved;
}

bool AddressSpace::Edit::grow_stack(u64 address) {
    Area* stack = areas().find_end_above(address);
    if (stack == nullptr || !has(stack->kind.flags, AreaFlags::GrowsDown)) return false;
    const u64 start = align_down(address, PAGE_SIZE);
    if (stack->start <= start) return true;
    if (start < min_map_address.load(std::memory_order_relaxed)) return false;
    const Area* below = AreaSet::previous(*stack);
    const bool needs_gap = below != nullptr && !has(below->kind.flags, AreaFlags::GrowsDown) &&
                           below->kind.protection != Protection::None;
    if (needs_gap && start - below->end < AreaSet::STACK_GUARD_GAP) return false;
    const MemoryLimits limits = this->limits();
    if (stack->end - start > limits.stack) return false;
    const u64 growth = stack->start - start;
    if (areas().total_bytes() + growth > limits.address_space) return false;
    if (!check_lock_limit(stack->kind, growth)) return false;
    if (has(stack->kind.flags, AreaFlags::Charged) && !charge_commit(growth >> PAGE_SHIFT)) return false;
    stack->note_private_page();
    areas().resize(*stack, start, stack->end);
    note_peak();
    return true;
}

/// Reads the page first, without the space's lock. Other threads may change the space meanwhile, so the area
/// is looked up again afterwards. The frame is held until the fault was retried, so that reclaim does not
/// take it.
[[gnu::cold, gnu::noinline]] FaultResult AddressSpace::Fault::wait_and_resolve(AddressSpace& space,
                                                                               u64 address,
                                                                               FaultAccess access) {
    Ref<PageSource> source;
    u64 index = 0;
    {
        auto state = space.lock_.lock_shared();
        const Area* area = state->areas.find(address);
        if (area == nullptr) return FaultResult::NothingMapped;
        if (!area->source) return resolve(space, *area, address, access);
        source = area->source;
        index = area->source_index(address);
    }
    const auto frame = source->wait_for_page(index);
    FaultResult result;
    {
        auto state = space.lock_.lock_shared();
        const Area* area = state->areas.find(address);
        if (area == nullptr) return FaultResult::NothingMapped;
        // A failed read only concerns this page of this source.
        if (!frame && area->source == source && area->source_index(address) == index)
            return failure_of(frame.error());
        result = resolve(space, *area, address, access);
    }
    return result;
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
            result =
                area != nullptr ? Fault::resolve(*this, *area, address, access) : FaultResult::NothingMapped;
        }
        if (result == FaultResult::Resolved) return result;
        while (result == FaultResult::MustWait) result = Fault::wait_and_resolve(*this, address, access);
        if (result == FaultResult::Resolved) return result;
        if (result == FaultResult::NothingMapped && Edit(*this).grow_stack(address)) continue;
        if (result != FaultResult::OutOfMemory) return result;
        if (memory::take_failure_on_purpose()) continue;
        // acquire: pairs with set_out_of_memory_hook
        const OutOfMemoryHook hook = out_of_memory_hook.load(std::memory_order_acquire);
        if (hook == nullptr || !hook(*this)) return result;
    }
}

}  // namespace exo::vm

namespace exo::upcalls {

FaultReason page_fault(u64 address, arch::FaultCause cause,
                       [[maybe_unused]] arch::UserRegisters* user_registers) {
    if (vm::are_faults_disabled()) return vm::reason_of(vm::FaultResult::NothingMapped);
    vm::AddressSpace* space = vm::current_address_space();
    // A fault of the program's own is a stay by itself; one of a copy is a part of its call's.
    if (user_registers != nullptr) scheduler::watchdog::begin_stay();
    if (space == nullptr) return vm::reason_of(vm::FaultResult::NothingMapped);
    const vm::FaultResult result = space->fault(
        address,
        {.is_write = cause.is_write, .is_fetch = cause.is_fetch, .violates_key = cause.violates_key});
    // A program that is to die does so on the way back; a copy in the kernel ends short.
    if (result == vm::FaultResult::Interrupted && user_registers != nullptr) [[unlikely]]
        return FaultReason::None;
    return vm::reason_of(result);
}

}  // namespace exo::upcalls
