// fork(2): a second address space over the same frames.
#include "scheduler/preemption.hpp"
#include "vm/commit.hpp"
#include "vm/edit.hpp"

namespace exo::vm {

using memory::LeafRange;
using memory::PageEntry;

namespace {

/// How many entries of a leaf table were copied, and how many of them have a counted and an anonymous frame.
struct Copied {
    u32 entries = 0;
    u32 counted = 0;
    u32 anonymous = 0;
};

/// Copies the entries of one leaf table. Both become read-only, so that the first write copies the page. It is a function of its
/// own, so that the loop, which most of the time of a fork goes into, has the registers for itself.
[[gnu::noinline]] Copied copy_leaf(const LeafRange& leaf, const memory::TableNode to,
                                   memory::TlbBatch& batch) {
    const memory::TableNode from = leaf.table;
    Copied copied;
    memory::FrameRecords records;
    const u32 used = from.used();
    if (used == 0) return copied;
    const u32 end = leaf.end;
    for (u32 i = leaf.first; i < end; ++i) {
        PageEntry entry = from.get(i);
        if (entry.is_empty()) continue;
        if (entry.is_writable()) [[unlikely]] {
            entry = entry.without_write();
            from.rewrite(i, entry);
            batch.add_page(leaf.address_of(i));
        }
        to.fill(i, entry);
        if (entry.is_counted()) [[likely]] {
            records[entry.frame()].retain_mapped();
            ++copied.counted;
            copied.anonymous += entry.is_anonymous() ? 1U : 0U;
        }
        if (++copied.entries == used) break;
    }
    to.add_used(copied.entries);
    return copied;
}

}  // namespace

/// Shares the frames of one area. Pages of shared mappings are not copied: the child gets them from their source.
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
        const Copied copied = copy_leaf(leaf, slot->table, batch);
        shared.anonymous += copied.anonymous;
        shared.source += copied.counted - copied.anonymous;
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
    child.lock_.unsafe_value().areas.append(*copy.release());
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
