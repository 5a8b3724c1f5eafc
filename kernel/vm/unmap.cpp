// munmap(2), and removing pages from the page table.
#include <algorithm>

#include "scheduler/preemption.hpp"
#include "vm/commit.hpp"
#include "vm/edit.hpp"
#include "vm/shared_memory.hpp"

namespace exo::vm {

using memory::LeafRange;
using memory::PageEntry;
using memory::TlbBatch;

namespace {

/// How many entries of a leaf table were cleared, and how many of them had a counted and an anonymous frame.
struct Cleared {
    u32 entries = 0;
    u32 counted = 0;
    u32 anonymous = 0;
};

/// Clears the entries of one leaf table for which `select` returns true. Adds their frames to the batch. It is a function of its
/// own, so that the loop, which most of the time of an exit goes into, has the registers for itself.
template <class Select>
[[gnu::noinline]] Cleared clear_selected(const LeafRange& leaf, TlbBatch& batch, Select select) {
    const memory::TableNode table = leaf.table;
    const u32 end = leaf.end;
    Cleared cleared;
    u32 left = table.used();
    for (u32 i = leaf.first; left != 0 && i < end;) {
        while (i < end && table.get(i).is_empty()) ++i;
        const u32 first = i;
        u32 behind = i;  // the last entry that was cleared
        const std::span<u32> places = batch.free_places();
        u32* place = places.data();
        u32* const full = place + places.size();
        for (; i < end && place != full && left != 0; ++i) {
            const PageEntry entry = table.get(i);
            if (entry.is_empty()) continue;
            --left;
            if (!select(entry)) continue;
            table.clear(i);
            behind = i + 1;
            ++cleared.entries;
            if (!entry.is_counted()) [[unlikely]]
                continue;
            *place++ = entry.frame();
            cleared.anonymous += entry.is_anonymous() ? 1U : 0U;
        }
        if (first < behind) batch.add_pages(leaf.address_of(first), leaf.address_of(behind));
        const auto added = static_cast<u32>(place - places.data());
        cleared.counted += added;
        batch.fill_places(added);
        if (place == full) batch.finish();
    }
    table.subtract_used(cleared.entries);
    return cleared;
}

}  // namespace

void AddressSpace::count_resident(Resident change) {
    if (change.anonymous < 0 || change.source < 0) {
        // The peak is looked at when it has passed, and when it is asked for.
        const i64 now = resident_anonymous_.load(std::memory_order_relaxed) +
                        resident_source_.load(std::memory_order_relaxed);
        if (now > peak_resident_.load(std::memory_order_relaxed))
            peak_resident_.store(now, std::memory_order_relaxed);
    }
    if (change.anonymous != 0) {
        resident_anonymous_.fetch_add(change.anonymous, std::memory_order_relaxed);
        all_resident_anonymous.add(change.anonymous);
    }
    if (change.source != 0) {
        resident_source_.fetch_add(change.source, std::memory_order_relaxed);
        all_resident_source.add(change.source);
    }
}

void AddressSpace::Edit::clear_entries(AddressSpace& space, TlbBatch& batch, AddressRange range,
                                       Pages pages) {
    Resident gone;
    const auto clear = [&](auto select) {
        space.page_table_.visit_leaves_and_prune(range.start, range.end, batch, [&](const LeafRange& leaf) {
            const Cleared cleared = clear_selected(leaf, batch, select);
            gone.anonymous -= cleared.anonymous;
            gone.source -= cleared.counted - cleared.anonymous;
            scheduler::preempt_point();
        });
    };
    switch (pages) {
        case Pages::All: clear([](PageEntry) { return true; }); break;
        case Pages::Counted: clear([](PageEntry entry) { return entry.is_counted(); }); break;
        case Pages::SourceFrames: clear([](PageEntry entry) { return !entry.is_anonymous(); }); break;
    }
    space.count_resident(gone);
}

bool AddressSpace::Edit::has_no_pages(AddressSpace& space, AddressRange range) {
    bool has_none = true;
    space.page_table_.visit_leaves(range.start, range.end, [&](const LeafRange& leaf) {
        for (u32 i = leaf.first; i < leaf.end; ++i) has_none = has_none && leaf.table.get(i).is_empty();
    });
    return has_none;
}

Result<> AddressSpace::Edit::unmap(u64 start, u64 end) {
    AreaSet& areas = this->areas();
    Area* area = areas.find_end_above(start);
    if (area == nullptr || area->start >= end) return {};
    // A hole leaves two areas of one. All else only makes areas shorter, and cannot fail.
    if (area->start < start && area->end > end) TRY(areas.split(*area, end));
    while (area != nullptr && area->start < end) {
        Area* next = AreaSet::next(*area);
        const u64 from = std::max(start, area->start);
        const u64 to = std::min(end, area->end);
        if (!area->is_untouched())
            remove_pages(from, to);
        else
            DEBUG_ASSERT(has_no_pages(space_, {from, to}));
        if (has(area->kind.flags, AreaFlags::Charged)) uncharge_commit((to - from) >> PAGE_SHIFT);
        if (to != area->end)
            areas.resize(*area, to, area->end);
        else if (from != area->start)
            areas.resize(*area, area->start, from);
        else
            areas.remove(*area, removed_);
        area = next;
        scheduler::preempt_point();
    }
    return {};
}

Result<> AddressSpace::unmap(u64 address, u64 length) {
    if (!is_aligned(address, PAGE_SIZE) || !memory::is_user_range(address, length)) return Error::Einval;
    const u64 size = align_up(length, PAGE_SIZE);
    if (size == 0) return Error::Einval;
    return Edit(*this).unmap(address, address + size);
}

/// Makes the mappings of a source's frames read-only.
void AddressSpace::Edit::remove_write_rights(u64 start, u64 end) {
    TlbBatch& batch = this->batch();
    space_.page_table_.visit_leaves(start, end, [&](const LeafRange& leaf) {
        for (u32 i = leaf.first; i < leaf.end; ++i) {
            const PageEntry entry = leaf.table.get(i);
            if (entry.is_empty() || entry.is_anonymous() || !entry.is_writable()) continue;
            leaf.table.rewrite(i, entry.without_write());
            batch.add_page(leaf.address_of(i));
        }
        scheduler::preempt_point();
    });
}

/// Unmaps the pages of the walk that `area` maps.
void AddressSpace::Edit::unmap_part(const PageSource::Walk& walk, const Area& area) {
    const u64 from = std::max(walk.first(), area.source_page);
    const u64 to = std::min(walk.end(), area.source_page + area.page_count());
    const u64 start = area.start + (from - area.source_page) * PAGE_SIZE;
    const u64 end = area.start + (to - area.source_page) * PAGE_SIZE;
    switch (walk.scope()) {
        case UnmapScope::CopiesToo: return remove_pages(start, end);
        case UnmapScope::SourceFramesOnly: return remove_pages(start, end, Pages::SourceFrames);
        case UnmapScope::WriteRightsOnly: return remove_write_rights(start, end);
    }
}

void AddressSpace::Edit::unmap_source_pages(PageSource::Walk& walk) {
    while (const AreaOfSource* place = walk.take_next_of(space_))
        unmap_part(walk, *static_cast<const Area*>(place));
}

bool AddressSpace::Edit::try_unmap_source_pages(AddressSpace& space, PageSource::Walk& walk) {
    auto guard = space.lock_.try_lock_exclusive();
    if (!guard) return false;
    Edit edit(space, std::move(*guard));
    while (const AreaOfSource* place = walk.take_next_of(space)) {
        const Area& area = *static_cast<const Area*>(place);
        if (area.is_locked()) return false;
        edit.unmap_part(walk, area);
    }
    return true;
}

}  // namespace exo::vm
