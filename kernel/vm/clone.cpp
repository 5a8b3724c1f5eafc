// fork(2): a second address space over the same frames.
#include "scheduler/preemption.hpp"
#include "vm/commit.hpp"
#include "vm/edit.hpp"

namespace exo::vm {

using memory::LeafRange;
using memory::PageEntry;

/// Shares the frames of one area. Private pages become read-only in both spaces, so that the first write
/// copies. Pages of shared mappings are not copied: the child gets them from their source.
Result<> AddressSpace::Edit::copy_entries(const Area& area, AddressSpace& child) {
    if (area.is_shared() || has(area.kind.flags, AreaFlags::WipeOnFork)) return {};
    // LINUX: zeros that were only read are found again by the next fault (vma_needs_copy).
    if (!area.source && area.family().is_none()) return {};
    Resident shared;
    Result<> result;
    memory::TlbBatch& batch = this->batch();
    space_.page_table_.visit_leaves(area.start, area.end, [&](const LeafRange& leaf) {
        if (!result) return;
        const auto slot = child.page_table_.slot_for_fault(leaf.address);
        if (!slot) {
            result = slot.error();
            return;
        }
        const memory::TableNode& copy = slot->table;
        u32 copied = 0;
        u32 left = leaf.table.used();
        for (u32 i = leaf.first; i < leaf.end && left != 0; ++i) {
            PageEntry entry = leaf.table.get(i);
            if (entry.is_empty()) continue;
            --left;
            if (entry.is_writable()) {
                entry = entry.without_write();
                leaf.table.rewrite(i, entry);
                batch.add_page(leaf.address_of(i));
            }
            copy.fill(i, entry);
            ++copied;
            if (!entry.is_counted()) continue;
            memory::record_of(entry.frame()).retain_mapped();
            ++(entry.is_anonymous() ? shared.anonymous : shared.source);
        }
        copy.add_used(copied);
        scheduler::preempt_point();
    });
    child.count_resident(shared);
    return result;
}

Result<> AddressSpace::Edit::clone_area(const Area& area, AddressSpace& child) {
    if (has(area.kind.flags, AreaFlags::DontFork)) return {};
    AreaKind kind = area.kind;
    kind.flags = kind.flags & ~LOCK_FLAGS;  // a child inherits no locks (mlock(2))
    Box<Area> copy = TRY(make_box<Area>(child, area.start, area.end, kind));
    copy->source = area.source;
    copy->source_page = area.source_page;
    copy->take_visit_from(area);
    copy->file = area.file;
    if (!has(area.kind.flags, AreaFlags::WipeOnFork)) copy->set_family(area.family().of_copy());
    copy->take_touch_from(area);
    if (has(area.kind.flags, AreaFlags::Charged)) TRY(charge_commit(area.page_count()));
    // LINUX: neighbours that only a lock kept apart stay apart (dup_mmap).
    RemovedAreas none;
    child.lock_.unsafe_value().areas.insert(*copy.release(), none, AreaSet::Join::Neither);
    return copy_entries(area, child);
}

Result<> AddressSpace::Edit::clone_into(AddressSpace& child) {
    State& child_state = child.lock_.unsafe_value();
    child_state.brk_end = state().brk_end;
    for (const Area* area = areas().first(); area != nullptr; area = AreaSet::next(*area)) {
        TRY(clone_area(*area, child));
        scheduler::preempt_point();
    }
    child_state.peak_bytes = child_state.areas.total_bytes();
    return {};
}

Result<Ref<AddressSpace>> AddressSpace::clone() {
    Edit edit(*this);
    Ref<AddressSpace> child = TRY(create(edit.state().layout, edit.state().limits));
    // If it fails, the child's destructor undoes all of it.
    TRY(edit.clone_into(*child));
    return child;
}

}  // namespace exo::vm
