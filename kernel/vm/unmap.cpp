// munmap(2), and taking pages out of the page table.
#include <algorithm>

#include "scheduler/preemption.hpp"
#include "vm/address_space.hpp"
#include "vm/commit.hpp"
#include "vm/shared_memory.hpp"

namespace exo::vm {

using memory::LeafRange;
using memory::PageEntry;
using memory::TlbBatch;

namespace {

/// Clears the entries of one leaf table that `select` picks; their frames go into the batch.
template <class Select>
void clear_entries(const LeafRange& leaf, TlbBatch& batch, i64& anonymous, i64& source, Select&& select) {
    u32 cleared = 0;
    u32 left = leaf.table.used();
    for (u32 i = leaf.first; i < leaf.end && left != 0; ++i) {
        const PageEntry entry = leaf.table.get(i);
        if (entry.is_empty()) continue;
        --left;
        if (!select(entry)) continue;
        leaf.table.clear(i);
        ++cleared;
        // The flush comes before the frame is let go: the page must be known to the batch first.
        batch.add_page(leaf.address_of(i));
        if (!entry.is_counted()) continue;
        batch.add_frame(entry.frame());
        --(entry.is_anonymous() ? anonymous : source);
    }
    leaf.table.subtract_used(cleared);
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
        all_resident_anonymous.fetch_add(change.anonymous, std::memory_order_relaxed);
    }
    if (change.source != 0) {
        resident_source_.fetch_add(change.source, std::memory_order_relaxed);
        all_resident_source.fetch_add(change.source, std::memory_order_relaxed);
    }
}

void AddressSpace::remove_pages(u64 start, u64 end, TlbBatch& batch) {
    Resident gone;
    page_table_.visit_leaves_and_prune(start, end, batch, [&](const LeafRange& leaf) {
        clear_entries(leaf, batch, gone.anonymous, gone.source, [](PageEntry) { return true; });
        scheduler::preempt_point();
    });
    count_resident(gone);
}

/// The frame of zeros stays where it is mapped: there is nothing in it to be given back.
void AddressSpace::remove_private_pages(u64 start, u64 end, TlbBatch& batch) {
    Resident gone;
    page_table_.visit_leaves_and_prune(start, end, batch, [&](const LeafRange& leaf) {
        clear_entries(leaf, batch, gone.anonymous, gone.source,
                      [](PageEntry entry) { return entry.is_counted(); });
        scheduler::preempt_point();
    });
    count_resident(gone);
}

void AddressSpace::remove_source_frames(u64 start, u64 end, TlbBatch& batch) {
    Resident gone;
    page_table_.visit_leaves_and_prune(start, end, batch, [&](const LeafRange& leaf) {
        clear_entries(leaf, batch, gone.anonymous, gone.source,
                      [](PageEntry entry) { return !entry.is_anonymous(); });
        scheduler::preempt_point();
    });
    count_resident(gone);
}

Result<> AddressSpace::unmap_locked(State& state, u64 start, u64 end, RemovedAreas& removed) {
    Area* area = state.areas.find_end_above(start);
    if (area == nullptr || area->start >= end) return {};
    // A hole leaves two areas of one. All else only makes areas shorter, and cannot fail.
    if (area->start < start && area->end > end) TRY(state.areas.split(*area, end));
    TlbBatch batch(page_table_);
    while (area != nullptr && area->start < end) {
        Area* next = AreaSet::next(*area);
        const u64 from = std::max(start, area->start);
        const u64 to = std::min(end, area->end);
        remove_pages(from, to, batch);
        if (has(area->kind.flags, AreaFlags::Charged)) uncharge_commit((to - from) >> PAGE_SHIFT);
        if (to != area->end)
            state.areas.resize(*area, to, area->end);
        else if (from != area->start)
            state.areas.resize(*area, area->start, from);
        else
            state.areas.remove(*area, removed);
        area = next;
        scheduler::preempt_point();
    }
    return {};
}

Result<> AddressSpace::unmap(u64 address, u64 length) {
    if (!is_aligned(address, PAGE_SIZE) || !memory::is_user_range(address, length)) return Error::Einval;
    const u64 size = align_up(length, PAGE_SIZE);
    if (size == 0) return Error::Einval;
    RemovedAreas removed;  // dropped after the lock
    auto state = lock_.lock_exclusive();
    last_area_.store(nullptr, std::memory_order_relaxed);
    return unmap_locked(*state, address, address + size, removed);
}

/// Takes the walk's pages out of this space: of the next area that the walk meets, and of those behind it that are of
/// this space too. The areas stay as they are while the lock is held.
void AddressSpace::unmap_source_pages(PageSource::Walk& walk) {
    const auto state = lock_.lock_exclusive();
    TlbBatch batch(page_table_);
    while (const AreaOfSource* place = walk.take_next_of(*this)) {
        const Area& area = *static_cast<const Area*>(place);
        const u64 from = std::max(walk.first(), area.source_page);
        const u64 to = std::min(walk.end(), area.source_page + area.page_count());
        const u64 start = area.start + (from - area.source_page) * PAGE_SIZE;
        const u64 end = area.start + (to - area.source_page) * PAGE_SIZE;
        if (walk.scope() == UnmapScope::CopiesToo)
            remove_pages(start, end, batch);
        else
            remove_source_frames(start, end, batch);
    }
}

}  // namespace exo::vm
