// mprotect(2). LINUX: mm/mprotect.c, do_mprotect_pkey.
#include <algorithm>

#include "scheduler/preemption.hpp"
#include "vm/commit.hpp"
#include "vm/edit.hpp"

namespace exo::vm {

using abi::has;
using memory::LeafRange;
using memory::PageEntry;
using memory::PageFlags;

namespace {
constexpr Protection RIGHTS = Protection::Read | Protection::Write | Protection::Exec;
}

/// Gives the entries of an area the rights of its kind, except for write access: the next write faults, and
/// the fault copies a private page or notifies the source of a shared one.
void AddressSpace::Edit::protect_pages(const Area& area) {
    if (area.is_untouched()) {
        DEBUG_ASSERT(has_no_pages(space_, {area.start, area.end}));
        return;
    }
    const PageFlags flags = area.page_flags();
    memory::TlbBatch& batch = this->batch();
    space_.page_table_.visit_leaves(area.start, area.end, [&](const LeafRange& leaf) {
        for (u32 i = leaf.first; i < leaf.end; ++i) {
            const PageEntry entry = leaf.table.get(i);
            if (entry.is_empty()) continue;
            // A writable entry stays writable if the new rights allow it.
            const PageEntry changed = entry.with_flags(entry.is_writable() ? flags : flags.without_write());
            if (changed == entry) continue;
            leaf.table.rewrite(i, changed);
            batch.add_page(leaf.address_of(i));
        }
        scheduler::preempt_point();
    });
}

/// Makes [start, end), a part of `area`, an area of its own with the kind `kind`. Errors: Enomem. LINUX:
/// limits are checked before anything is split (mprotect_fixup).
Result<Area*> AddressSpace::Edit::protect_part(Area& area, u64 start, u64 end, AreaKind kind) {
    bool is_charged = false;
    const bool becomes_writable = has(kind.protection, Protection::Write) && !area.is_writable();
    if (becomes_writable && !has(kind.flags, AreaFlags::Shared)) {
        if (!has(kind.flags, AreaFlags::GrowsDown) &&
            areas().data_bytes() + (end - start) > limits().mapped_data())
            return Error::Enomem;
        if (!has(kind.flags, AreaFlags::Charged | AreaFlags::NoReserve)) {
            TRY(charge_commit((end - start) >> PAGE_SHIFT));
            kind.flags |= AreaFlags::Charged;
            is_charged = true;
        }
    }
    Area* first = &area;
    Result<> split;
    if (start != area.start) {
        split = areas().split(area, start);
        if (split) first = AreaSet::next(area);
    }
    if (split && end != first->end) split = areas().split(*first, end);
    if (!split) {
        if (is_charged) uncharge_commit((end - start) >> PAGE_SHIFT);
        return split.error();
    }
    Area& part = *first;
    areas().forget_bytes(part);
    part.kind = kind;
    areas().count_bytes(part);
    part.update_writable_mark();
    protect_pages(part);
    return &part;
}

Result<> AddressSpace::protect(u64 address, u64 length, Protection protection, Protection where_allowed) {
    if (has(protection, Protection::Growsdown) && has(protection, Protection::Growsup)) return Error::Einval;
    if (!is_aligned(address, PAGE_SIZE)) return Error::Einval;
    if (length == 0) return {};
    const auto size = checked_align_up(length, PAGE_SIZE);
    if (!size || !checked_add(address, *size)) return Error::Enomem;
    if (has(protection, ~(RIGHTS | Protection::Sem | Protection::Growsdown | Protection::Growsup)))
        return Error::Einval;

    Vector<AddressRange> to_copy;
    const Result<> result =
        Edit(*this).protect({address, address + *size}, protection, where_allowed, to_copy);
    for (const AddressRange& range : to_copy) populate(range.start, range.size());
    return result;
}

Result<> AddressSpace::Edit::protect(AddressRange range, Protection protection, Protection where_allowed,
                                     Vector<AddressRange>& to_copy) {
    Area* area = areas().find_end_above(range.start);
    if (area == nullptr) return Error::Enomem;
    u64 at = range.start;
    if (has(protection, Protection::Growsdown)) {
        if (area->start >= range.end) return Error::Enomem;
        if (!has(area->kind.flags, AreaFlags::GrowsDown)) return Error::Einval;
        at = area->start;
    } else {
        if (area->start > at) return Error::Enomem;
        if (has(protection, Protection::Growsup)) return Error::Einval;  // no area grows up on x86
    }
    // How far it reaches is no part of what is asked for.
    const AreaFlags key = key_for(protection & ~(Protection::Growsdown | Protection::Growsup));
    while (true) {
        scheduler::preempt_point();
        AreaKind kind = area->kind;
        kind.flags = (kind.flags & ~AreaFlags::ExecuteOnly) | key;
        kind.protection = (protection & RIGHTS) | (where_allowed & kind.allowed);
        if (has(kind.protection & ~kind.allowed, RIGHTS)) return Error::Eacces;
        const u64 start = at;
        at = std::min(range.end, area->end);
        if (kind != area->kind) {
            const bool becomes_writable = has(kind.protection, Protection::Write) && !area->is_writable();
            Area& part = *TRY(protect_part(*area, start, at, kind));
            if (becomes_writable && part.is_locked() && !part.is_shared()) (void)to_copy.push({start, at});
            areas().merge(part, removed_);
        }
        if (at >= range.end) return {};
        area = areas().find(at);
        if (area == nullptr) return Error::Enomem;
    }
}

}  // namespace exo::vm
