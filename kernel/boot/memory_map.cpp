#include "boot/memory_map.hpp"

#include <algorithm>

#include "utils/bits.hpp"

namespace exo::boot {

MemoryKind memory_kind_of_e820(u32 type) {
    switch (type) {
        case 1: return MemoryKind::Usable;
        case 3: return MemoryKind::AcpiReclaimable;
        case 4: return MemoryKind::AcpiNvs;
        case 5: return MemoryKind::Unusable;
        default: return MemoryKind::Reserved;
    }
}

u64 MemoryMap::total(MemoryKind kind) const {
    u64 sum = 0;
    for (const MemoryRange& range : ranges_) {
        if (range.kind == kind) sum += range.size();
    }
    return sum;
}

Result<> MemoryMap::add(u64 start, u64 length, MemoryKind kind) {
    const u64 end = checked_add(start, length).value_or(UINT64_MAX);
    if (end > PHYSICAL_END && kind == MemoryKind::Usable && length != 0) return Error::Einval;
    const MemoryRange range{start, std::min(end, PHYSICAL_END), kind};
    if (range.start >= range.end) return {};
    TRY(place(range));
    merge_neighbours();
    return {};
}

Result<> MemoryMap::reserve(u64 start, u64 length) {
    if (length == 0) return {};
    const u64 first = align_down(start, PAGE_SIZE);
    const u64 end =
        checked_align_up(checked_add(start, length).value_or(UINT64_MAX), PAGE_SIZE).value_or(PHYSICAL_END);
    if (end <= first) return {};
    return add(first, end - first, MemoryKind::Reserved);
}

Result<> MemoryMap::place(MemoryRange range) {
    usize i = 0;
    while (i < ranges_.size() && ranges_[i].end <= range.start) ++i;
    for (u64 cursor = range.start; cursor < range.end; ++i) {
        if (i == ranges_.size() || ranges_[i].start >= range.end)
            return ranges_.insert(i, {cursor, range.end, range.kind});
        if (ranges_[i].start > cursor) {
            const u64 gap_end = ranges_[i].start;
            TRY(ranges_.insert(i, {cursor, gap_end, range.kind}));
            cursor = gap_end;
            continue;
        }
        const u64 piece_end = std::min(range.end, ranges_[i].end);
        if (ranges_[i].kind < range.kind) i = TRY(overlay(i, cursor, piece_end, range.kind));
        cursor = piece_end;
    }
    return {};
}

Result<usize> MemoryMap::overlay(usize index, u64 from, u64 to, MemoryKind kind) {
    const MemoryRange old = ranges_[index];
    if (old.start < from) {
        ranges_[index].end = from;
        ++index;
        TRY(ranges_.insert(index, {from, to, kind}));
    } else {
        ranges_[index] = {from, to, kind};
    }
    if (to < old.end) TRY(ranges_.insert(index + 1, {to, old.end, old.kind}));
    return index;
}

void MemoryMap::merge_neighbours() {
    for (usize i = 0; i + 1 < ranges_.size();) {
        if (ranges_[i].kind == ranges_[i + 1].kind && ranges_[i].end == ranges_[i + 1].start) {
            ranges_[i].end = ranges_[i + 1].end;
            ranges_.erase(i + 1);
        } else {
            ++i;
        }
    }
}

void MemoryMap::align_usable_to_pages() {
    for (usize i = 0; i < ranges_.size();) {
        MemoryRange& range = ranges_[i];
        if (range.kind == MemoryKind::Usable) {
            range.start = align_up(range.start, PAGE_SIZE);
            range.end = align_down(range.end, PAGE_SIZE);
            if (range.start >= range.end) {
                ranges_.erase(i);
                continue;
            }
        }
        ++i;
    }
}

}  // namespace exo::boot
