// mprotect(2). LINUX: mm/mprotect.c, do_mprotect_pkey.
#include <algorithm>

#include "vm/address_space.hpp"
#include "vm/commit.hpp"

namespace exo::vm {

using abi::has;
using memory::LeafRange;
using memory::PageEntry;
using memory::PageFlags;
using memory::TlbBatch;

namespace {
constexpr Protection RIGHTS = Protection::Read | Protection::Write | Protection::Exec;
}

/// Gives the entries of an area the rights of its kind. The right to write is left to faults: they find out whether a
/// private page must be copied, and tell the source of a shared one.
void AddressSpace::protect_pages(const Area& area) {
    const PageFlags flags = area.page_flags();
    TlbBatch batch(page_table_);
    page_table_.visit_leaves(area.start, area.end, [&](const LeafRange& leaf) {
        for (u32 i = leaf.first; i < leaf.end; ++i) {
            const PageEntry entry = leaf.table.get(i);
            if (entry.is_empty()) continue;
            // What is writable already stays so if it may.
            const PageEntry changed = entry.with_flags(entry.is_writable() ? flags : flags.without_write());
            if (changed == entry) continue;
            leaf.table.rewrite(i, changed);
            batch.add_page(leaf.address_of(i));
        }
    });
}

Result<> AddressSpace::protect_area(State& state, Area& area, AreaKind kind) {
    if (area.kind == kind) return {};
    const bool becomes_writable = has(kind.protection, Protection::Write) && !area.is_writable();
    if (becomes_writable && !has(kind.flags, AreaFlags::Shared)) {
        if (!has(kind.flags, AreaFlags::GrowsDown) &&
            state.areas.data_bytes() + area.size() > limits_for(state).mapped_data())
            return Error::Enomem;
        if (!has(kind.flags, AreaFlags::Charged | AreaFlags::NoReserve)) {
            TRY(charge_commit(area.page_count()));
            kind.flags |= AreaFlags::Charged;
        }
    }
    state.areas.forget_bytes(area);
    area.kind = kind;
    state.areas.count_bytes(area);
    area.update_writable_mark();
    protect_pages(area);
    return {};
}

Result<> AddressSpace::protect(u64 address, u64 length, Protection protection, Protection where_allowed) {
    const bool grows_down = has(protection, Protection::Growsdown);
    if (grows_down && has(protection, Protection::Growsup)) return Error::Einval;
    if (!is_aligned(address, PAGE_SIZE)) return Error::Einval;
    if (length == 0) return {};
    const auto size = checked_align_up(length, PAGE_SIZE);
    if (!size || !checked_add(address, *size)) return Error::Enomem;
    const u64 end = address + *size;
    if (has(protection, ~(RIGHTS | Protection::Sem | Protection::Growsdown | Protection::Growsup)))
        return Error::Einval;

    RemovedAreas removed;  // dropped after the lock
    auto state = lock_.lock_exclusive();
    last_area_.store(nullptr, std::memory_order_relaxed);
    Area* area = state->areas.find_end_above(address);
    if (area == nullptr) return Error::Enomem;
    u64 start = address;
    if (grows_down) {
        if (area->start >= end) return Error::Enomem;
        if (!has(area->kind.flags, AreaFlags::GrowsDown)) return Error::Einval;
        start = area->start;
    } else {
        if (area->start > address) return Error::Enomem;
        if (has(protection, Protection::Growsup)) return Error::Einval;  // no area grows up on x86
    }
    // How far it reaches is no part of what is asked for.
    const AreaFlags key = key_for(protection & ~(Protection::Growsdown | Protection::Growsup));
    Result<> result;
    u64 at = start;
    while (at < end) {
        area = state->areas.find(at);
        if (area == nullptr) {
            result = Error::Enomem;
            break;
        }
        AreaKind kind = area->kind;
        kind.flags = (kind.flags & ~AreaFlags::ExecuteOnly) | key;
        kind.protection = (protection & RIGHTS) | (where_allowed & kind.allowed);
        if (has(kind.protection & ~kind.allowed, RIGHTS)) {
            result = Error::Eacces;
            break;
        }
        if (!(kind == area->kind)) {
            const u64 to = std::min(end, area->end);
            result = state->areas.split_at(at);
            if (result) result = state->areas.split_at(to);
            area = state->areas.find(at);
            if (result) result = protect_area(*state, *area, kind);
            if (!result) break;
            at = area->end;
            state->areas.merge(*area, removed);
        } else {
            at = area->end;
        }
    }
    return result;
}

}  // namespace exo::vm
