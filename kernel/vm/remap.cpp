// mremap(2). LINUX: mm/mremap.c.
#include "scheduler/preemption.hpp"
#include "vm/commit.hpp"
#include "vm/edit.hpp"

namespace exo::vm {

using abi::has;
using memory::LeafRange;
using memory::PageEntry;

struct AddressSpace::Edit::RemapRequest {
    u64 old_address;
    u64 old_size;
    u64 new_size;
    RemapFlags flags;
    u64 new_address;

    bool is_fixed() const { return has(flags, RemapFlags::Fixed); }
    bool leaves_old() const { return has(flags, RemapFlags::Dontunmap); }
    u64 old_end() const { return old_address + old_size; }
    u64 growth() const { return new_size > old_size ? new_size - old_size : 0; }
};

/// Moves the entries of a range. The page tables of the old range stay until the end, so that undoing cannot
/// fail.
Result<> AddressSpace::Edit::move_pages(u64 from, u64 to, u64 size) {
    Result<> result;
    u64 done = 0;
    const auto move_one = [](const memory::EntrySlot& source, const memory::EntrySlot& target) {
        target.table.set(target.index, source.get());
        source.table.set(source.index, PageEntry());
    };
    memory::TlbBatch& batch = this->batch();
    space_.page_table_.visit_leaves(from, from + size, [&](const LeafRange& leaf) {
        for (u32 i = leaf.first; i < leaf.end && result; ++i) {
            if (leaf.table.get(i).is_empty()) continue;
            const u64 offset = leaf.address_of(i) - from;
            const auto target = space_.page_table_.slot_for_fault(to + offset);
            if (!target) {
                result = target.error();
                break;
            }
            move_one({leaf.table, i}, *target);
            batch.add_page(from + offset);
            done = offset + PAGE_SIZE;
        }
        scheduler::preempt_point();
    });
    if (result) return {};
    for (u64 offset = 0; offset < done; offset += PAGE_SIZE) {
        const memory::EntrySlot moved = space_.page_table_.find_slot(to + offset);
        if (moved && !moved.get().is_empty()) move_one(moved, space_.page_table_.find_slot(from + offset));
        scheduler::preempt_point();
    }
    return result;
}

/// Moves the part [old_address, old_end) of `area` to `target`, where new_size bytes are free.
Result<u64> AddressSpace::Edit::move_area(Area& area, const RemapRequest& request, u64 target) {
    if (!areas().has_room_for(2)) return Error::Enomem;
    const bool is_charged = has(area.kind.flags, AreaFlags::Charged);
    Box<Area> moved = TRY(make_box<Area>(space_, target, target + request.new_size, area.kind));
    // LINUX: memory that was never written counts as mapped at its new address (copy_vma).
    const bool is_untouched = !area.source && area.family().is_none();
    moved->source_page = is_untouched ? target >> PAGE_SHIFT : area.source_index(request.old_address);
    if (request.old_size != 0 && !request.leaves_old()) {
        TRY(areas().split_at(request.old_address));
        TRY(areas().split_at(request.old_end()));
    }
    Area& old = *areas().find(request.old_address);
    if (is_charged) TRY(charge_commit(request.new_size >> PAGE_SHIFT));
    const auto pages = move_pages(request.old_address, target, request.old_size);
    // Tables that a failed move made lie in no area: take them away again.
    if (!pages) {
        remove_pages(target, target + request.new_size);
        if (is_charged) uncharge_commit(request.new_size >> PAGE_SHIFT);
        return pages.error();
    }
    moved->source = old.source;
    moved->take_visit_from(old);
    moved->file = old.file;
    moved->set_family(old.family());
    moved->take_touch_from(old);
    if (request.leaves_old()) {
        // LINUX: the whole old area is locked no longer; the new one is.
        areas().forget_bytes(old);
        old.kind.flags = old.kind.flags & ~LOCK_FLAGS;
        areas().count_bytes(old);
        if (old.start == request.old_address && old.end == request.old_end()) old.set_family(PageFamily());
    } else if (request.old_size != 0) {
        // Nothing is left to cut, so this cannot fail.
        const auto unmapped = unmap(request.old_address, request.old_end());
        ASSERT(unmapped.has_value());
    }
    areas().insert(*moved.release(), removed_, AreaSet::Join::LowerFirst);
    return target;
}

Result<u64> AddressSpace::Edit::remap(const RemapRequest& wanted) {
    RemapRequest request = wanted;
    if (areas().find(request.old_address) == nullptr) return Error::Efault;
    if (request.is_fixed() || request.leaves_old()) {
        if (!is_aligned(request.new_address, PAGE_SIZE) ||
            !memory::is_user_range(request.new_address, request.new_size))
            return Error::Einval;
        if (request.old_end() > request.new_address &&
            request.new_address + request.new_size > request.old_address)
            return Error::Einval;
        if (!areas().has_room_for(5)) return Error::Enomem;
        // LINUX: what lies there goes before the rest is looked at (mremap_to).
        if (request.is_fixed()) TRY(unmap(request.new_address, request.new_address + request.new_size));
    }
    // Less, or not more and nowhere else.
    if (request.old_size >= request.new_size) {
        if (request.old_size > request.new_size) {
            if (!memory::is_user_range(request.old_address, request.old_size)) return Error::Einval;
            TRY(unmap(request.old_address + request.new_size, request.old_end()));
            request.old_size = request.new_size;
        }
        if (!request.is_fixed() && !request.leaves_old()) return request.old_address;
    }
    // Cutting may have left another area object at the old place, and emptying the target none: of size 0 it may lie there.
    Area* area = areas().find(request.old_address);
    if (area == nullptr) return Error::Efault;
    if (request.old_size == 0 && !area->is_shared()) return Error::Einval;
    const bool is_special = has(area->kind.flags, AreaFlags::Special);
    if (is_special && request.leaves_old()) return Error::Einval;
    if (request.old_size > area->end - request.old_address) return Error::Efault;
    if (is_special && request.growth() != 0) return Error::Efault;
    if (request.growth() != 0) {
        TRY(check_lock_limit(area->kind, request.growth()));
        TRY(check_limits(area->kind, request.growth(), {}));
    } else if (request.leaves_old()) {
        TRY(check_limits(area->kind, request.new_size, {}));
    }

    if (!request.is_fixed() && !request.leaves_old()) {
        const u64 new_end = request.old_address + request.new_size;
        const bool ends_here = request.old_end() == area->end;
        if (ends_here && memory::is_user_range(request.old_address, request.new_size) &&
            // LINUX: a stack above it needs no gap here (vma_expandable).
            !areas().overlaps(area->end, new_end)) {
            if (has(area->kind.flags, AreaFlags::Charged)) TRY(charge_commit(request.growth() >> PAGE_SHIFT));
            const u64 start = area->start;
            areas().resize(*area, start, new_end);
            areas().merge_next(*area, removed_);
            return request.old_address;
        }
        if (!has(request.flags, RemapFlags::Maymove)) return Error::Enomem;
    }
    if (!request.is_fixed()) {
        MapRequest anywhere;
        if (request.leaves_old()) anywhere.address = request.new_address;
        const u64 target = TRY(place(anywhere, request.new_size));
        return move_area(*area, request, target);
    }
    if (request.new_address < min_map_address.load(std::memory_order_relaxed) && !limits().may_map_low)
        return Error::Eperm;
    return move_area(*area, request, request.new_address);
}

Result<u64> AddressSpace::remap(u64 old_address, u64 old_length, u64 new_length, RemapFlags flags,
                                u64 new_address) {
    constexpr auto KNOWN = RemapFlags::Maymove | RemapFlags::Fixed | RemapFlags::Dontunmap;
    if (has(flags, ~KNOWN)) return Error::Einval;
    if (has(flags, RemapFlags::Fixed) && !has(flags, RemapFlags::Maymove)) return Error::Einval;
    if (!is_aligned(old_address, PAGE_SIZE)) return Error::Einval;
    const Edit::RemapRequest request{old_address, align_up(old_length, PAGE_SIZE),
                                     align_up(new_length, PAGE_SIZE), flags, new_address};
    if (request.new_size == 0) return Error::Einval;
    if (request.leaves_old() && (!has(flags, RemapFlags::Maymove) || old_length != new_length))
        return Error::Einval;
    u64 address;
    bool is_locked;
    {
        Edit edit(*this);
        address = TRY(edit.remap(request));
        edit.note_peak();
        is_locked = edit.areas().find(address)->is_locked();
    }
    if (is_locked && request.growth() != 0) populate(address + request.old_size, request.growth());
    return address;
}

}  // namespace exo::vm
