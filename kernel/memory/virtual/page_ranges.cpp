// PageTable over ranges: the largest pages that fit, and splitting them again.
#include "memory/virtual/page_table.hpp"
#include "memory/virtual/page_walk.hpp"

namespace exo::memory {

Result<> PageTable::map_range(VirtualAddress start, PhysicalAddress physical, u64 size, PageFlags flags) {
    if (!physical.is_page_aligned()) return Error::AlignmentError;
    TRY(check_request(start, size, flags));
    for (u64 done = 0; done < size;) {
        PageSize page = PageSize::Size1G;
        while (page != PageSize::Size4K &&
               (size - done < bytes_of(page) || !(start + done).is_aligned_to(bytes_of(page)) ||
                !(physical + done).is_aligned_to(bytes_of(page))))
            page = static_cast<PageSize>(static_cast<u32>(page) - 1);
        const auto mapped = map_page(start + done, physical + done, flags, page);
        if (!mapped) {
            TlbBatch batch(*this);
            erase_level(TableNode(root_), 4, start.value(), start.value() + done, batch);
            return mapped.error();
        }
        done += bytes_of(page);
    }
    return {};
}

/// Makes `address` a boundary between pages: a large page across it becomes a table of the next smaller ones.
Result<> PageTable::split_at(u64 address) {
    for (;;) {
        const detail::Found found = detail::find_entry(TableNode(root_), address);
        if (found.entry.is_empty() || found.level == 1 || is_aligned(address, entry_span(found.level)))
            return {};
        const TableNode lower = TRY(allocate_table());
        count_tables(1);
        const u64 step = entry_span(found.level - 1);
        for (u32 i = 0; i < 512; ++i) {
            const PhysicalAddress part = found.entry.address() + i * step;
            const PageFlags flags = found.entry.flags();
            lower.fill(i,
                       found.level == 2 ? PageEntry::page(part, flags) : PageEntry::large_page(part, flags));
        }
        lower.add_used(512);
        // Old and new translations agree, so the flush may come late; it must come before any of the parts changes.
        found.table.rewrite(found.index, PageEntry::table(lower.address(), found.entry.flags()));
        TlbBatch batch(*this);
        batch.add_page(address & ~(entry_span(found.level) - 1), entry_span(found.level));
    }
}

void PageTable::erase_level(TableNode node, u32 level, u64 start, u64 end, TlbBatch& batch) {
    const u64 span = entry_span(level);
    for (u64 at = start; at < end;) {
        const u64 next = end_of_part(at, span, end);
        const u32 index = entry_index(at, level);
        const PageEntry entry = node.get(index);
        if (!entry.is_empty()) {
            if (level == 1 || (level < 4 && entry.is_large())) {
                node.set(index, PageEntry());
                batch.add_page(at, next - at);
            } else {
                const TableNode child = TableNode::of(entry);
                erase_level(child, level - 1, at, next, batch);
                // The kernel half's top level stays as it is.
                if (child.used() == 0 && !(level == 4 && index >= detail::KERNEL_HALF)) {
                    node.set(index, PageEntry());
                    batch.add_table(child.frame());
                }
            }
        }
        at = next;
    }
}

Result<> PageTable::unmap_range(VirtualAddress start, u64 size) {
    TRY(check_range(start, size));
    if (size == 0) return {};
    TRY(split_at(start.value()));
    TRY(split_at(start.value() + size));
    TlbBatch batch(*this);
    erase_level(TableNode(root_), 4, start.value(), start.value() + size, batch);
    return {};
}

void PageTable::protect_level(TableNode node, u32 level, u64 start, u64 end, PageFlags flags,
                              TlbBatch& batch) {
    const u64 span = entry_span(level);
    for (u64 at = start; at < end;) {
        const u64 next = end_of_part(at, span, end);
        const u32 index = entry_index(at, level);
        const PageEntry entry = node.get(index);
        if (!entry.is_empty()) {
            if (level == 1 || (level < 4 && entry.is_large())) {
                node.rewrite(index, entry.with_flags(flags));
                batch.add_page(at, next - at);
            } else {
                protect_level(TableNode::of(entry), level - 1, at, next, flags, batch);
            }
        }
        at = next;
    }
}

Result<> PageTable::protect_range(VirtualAddress start, u64 size, PageFlags flags) {
    TRY(check_request(start, size, flags));
    if (size == 0) return {};
    TRY(split_at(start.value()));
    TRY(split_at(start.value() + size));
    TlbBatch batch(*this);
    protect_level(TableNode(root_), 4, start.value(), start.value() + size, flags, batch);
    return {};
}

}  // namespace exo::memory
