// madvise(2), msync(2), mincore(2). LINUX: mm/madvise.c, mm/msync.c, mm/mincore.c.
#include <algorithm>
#include <array>

#include "scheduler/preemption.hpp"
#include "vm/edit.hpp"
#include "vm/fault.hpp"

namespace exo::vm {

using abi::Advice;

namespace {

constinit std::atomic<ContentRemover> content_remover{nullptr};

bool is_known(Advice advice) {
    switch (advice) {
        case Advice::Normal:
        case Advice::Random:
        case Advice::Sequential:
        case Advice::Willneed:
        case Advice::Dontneed:
        case Advice::Free:
        case Advice::Remove:
        case Advice::Dontfork:
        case Advice::Dofork:
        case Advice::Dontdump:
        case Advice::Dodump:
        case Advice::Wipeonfork:
        case Advice::Keeponfork:
        case Advice::Cold:
        case Advice::Pageout:
        case Advice::PopulateRead:
        case Advice::PopulateWrite:
        case Advice::DontneedLocked: return true;
    }
    return false;
}

/// MADV_REMOVE: punches holes into what is mapped in the range. LINUX: madvise_remove.
Result<> remove_content(AddressSpace& space, u64 start, u64 end) {
    Result<> result;
    for (u64 at = start; at < end;) {
        const auto area = space.area_above(at);
        if (!area || area->start >= end) return Error::Enomem;
        if (area->start > at) result = Error::Enomem;
        if (has(area->kind.flags, AreaFlags::Locked) || !area->source) return Error::Einval;
        // Whether it may be made writable counts, not whether it is.
        const bool may_write =
            has(area->kind.flags, AreaFlags::Shared) && abi::has(area->kind.allowed, Protection::Write);
        if (!may_write) return Error::Eacces;
        at = std::max(at, area->start);
        const u64 size = std::min(end, area->end) - at;
        const u64 offset = area->offset + (at - area->start);
        Result<> removed = area->source->remove_content(offset >> PAGE_SHIFT, size >> PAGE_SHIFT);
        // acquire: pairs with set_content_remover
        const ContentRemover remover = content_remover.load(std::memory_order_acquire);
        if (!removed && area->file && remover != nullptr) removed = remover(*area->file, offset, size);
        TRY(removed);
        at += size;
        scheduler::preempt_point();
    }
    return result;
}

}  // namespace

// release: pairs with the load in remove_content
void set_content_remover(ContentRemover remover) {
    content_remover.store(remover, std::memory_order_release);
}

Result<> AddressSpace::Edit::change_flags(Area& area, u64 start, u64 end, AreaFlags set, AreaFlags clear) {
    AreaKind kind = area.kind;
    kind.flags = (kind.flags | set) & ~clear;
    if (kind == area.kind) return {};
    TRY(areas().split_at(start));
    TRY(areas().split_at(end));
    Area& changed = *areas().find(start);
    areas().forget_bytes(changed);
    changed.kind = kind;
    areas().count_bytes(changed);
    areas().merge(changed, removed_);
    return {};
}

Result<> AddressSpace::Edit::advise(Area& area, u64 start, u64 end, Advice advice) {
    switch (advice) {
        case Advice::Free:
            // Freed at once, which is as good as when memory runs short.
            if (area.source || area.is_locked()) return Error::Einval;
            remove_pages(start, end, Pages::Counted);
            return {};
        case Advice::Dontneed:
            if (area.is_locked()) return Error::Einval;
            [[fallthrough]];
        case Advice::DontneedLocked: remove_pages(start, end); return {};
        case Advice::Dontfork: return change_flags(area, start, end, AreaFlags::DontFork, AreaFlags::None);
        case Advice::Dofork: return change_flags(area, start, end, AreaFlags::None, AreaFlags::DontFork);
        case Advice::Wipeonfork:
            // LINUX: the kernel's own pages have no file.
            if (area.source && !has(area.kind.flags, AreaFlags::Special)) return Error::Einval;
            return change_flags(area, start, end, AreaFlags::WipeOnFork, AreaFlags::None);
        case Advice::Keeponfork:
            return change_flags(area, start, end, AreaFlags::None, AreaFlags::WipeOnFork);
        case Advice::Normal:
            return change_flags(area, start, end, AreaFlags::None,
                                AreaFlags::ReadRandomly | AreaFlags::ReadInOrder);
        case Advice::Random:
            return change_flags(area, start, end, AreaFlags::ReadRandomly, AreaFlags::ReadInOrder);
        case Advice::Sequential:
            return change_flags(area, start, end, AreaFlags::ReadInOrder, AreaFlags::ReadRandomly);
        case Advice::Dontdump: return change_flags(area, start, end, AreaFlags::DontDump, AreaFlags::None);
        case Advice::Dodump: return change_flags(area, start, end, AreaFlags::None, AreaFlags::DontDump);
        case Advice::Cold:
        case Advice::Pageout:
            if (area.is_locked()) return Error::Einval;
            return {};       // there is nowhere to page out to
        default: return {};  // advice on reading ahead, of which there is none
    }
}

Result<> AddressSpace::advise(u64 address, u64 length, Advice advice) {
    if (!is_known(advice) || !is_aligned(address, PAGE_SIZE)) return Error::Einval;
    const u64 size = align_up(length, PAGE_SIZE);
    if ((length != 0 && size == 0) || !checked_add(address, size)) return Error::Einval;
    const u64 end = address + size;
    if (size == 0) return {};
    if (advice == Advice::PopulateRead) return populate_strictly(*this, address, end, {});
    if (advice == Advice::PopulateWrite) return populate_strictly(*this, address, end, {.is_write = true});
    if (advice == Advice::Remove) return remove_content(*this, address, end);

    Edit edit(*this);
    // Holes are told at the end; the areas between them have been advised then.
    Result<> result;
    for (u64 at = address; at < end;) {
        Area* area = edit.areas().find_end_above(at);
        if (area == nullptr || area->start >= end) return Error::Enomem;
        if (area->start > at) result = Error::Enomem;
        const u64 from = std::max(at, area->start);
        const u64 to = std::min(end, area->end);
        TRY(edit.advise(*area, from, to, advice));
        at = to;
        scheduler::preempt_point();
    }
    return result;
}

Result<> AddressSpace::sync(u64 address, u64 length, abi::SyncFlags flags) {
    constexpr auto KNOWN = abi::SyncFlags::Async | abi::SyncFlags::Invalidate | abi::SyncFlags::Sync;
    if (abi::has(flags, ~KNOWN) || !is_aligned(address, PAGE_SIZE)) return Error::Einval;
    if (abi::has_all(flags, abi::SyncFlags::Async | abi::SyncFlags::Sync)) return Error::Einval;
    const u64 size = align_up(length, PAGE_SIZE);  // LINUX: a length that wraps is none
    if (!checked_add(address, size)) return Error::Enomem;
    const u64 end = address + size;
    bool has_hole = false;
    for (u64 at = address; at < end;) {
        const auto area = area_above(at);
        if (!area || area->start >= end) return Error::Enomem;
        if (area->start > at) has_hole = true;
        const u64 from = std::max(at, area->start);
        const u64 to = std::min(end, area->end);
        if (abi::has(flags, abi::SyncFlags::Invalidate) && has(area->kind.flags, AreaFlags::Locked))
            return Error::Ebusy;
        if (abi::has(flags, abi::SyncFlags::Sync) && area->source && has(area->kind.flags, AreaFlags::Shared))
            TRY(area->source->sync_pages((area->offset + (from - area->start)) >> PAGE_SHIFT,
                                         (to - from) >> PAGE_SHIFT));
        at = to;
        scheduler::preempt_point();
    }
    if (has_hole) return Error::Enomem;
    return {};
}

Result<> AddressSpace::residency(u64 address, u64 length, FunctionRef<bool(const Object& file)> may_see,
                                 FunctionRef<Result<>(std::span<const u8>)> visit) {
    if (!is_aligned(address, PAGE_SIZE)) return Error::Einval;
    if (!memory::is_user_range(address, length)) return Error::Enomem;
    const u64 end = address + align_up(length, PAGE_SIZE);
    Result<> result;  // what lies before a hole is told
    for (u64 at = address; at < end && result;) {
        std::array<u8, 512> pages;
        usize count = 0;
        {
            auto state = lock_.lock_shared();
            const Area* area = nullptr;
            bool is_hidden = false;
            for (; at < end && count < pages.size(); at += PAGE_SIZE, ++count) {
                if (area == nullptr || at >= area->end) {
                    area = state->areas.find(at);
                    is_hidden = area != nullptr && area->file && !may_see(*area->file);
                }
                if (area == nullptr) {
                    result = Error::Enomem;
                    break;
                }
                if (is_hidden) {
                    pages[count] = 1;
                    continue;
                }
                const memory::EntrySlot slot = page_table_.find_slot(at);
                bool is_there = slot && !slot.get().is_empty();
                if (!is_there && area->source)
                    is_there = static_cast<bool>(area->source->peek_page(area->source_index(at)));
                pages[count] = is_there ? 1 : 0;
            }
        }
        if (count != 0) TRY(visit({pages.data(), count}));
        scheduler::preempt_point();
    }
    return result;
}

}  // namespace exo::vm
