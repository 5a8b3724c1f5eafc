// The walk down a page table. The parts of PageTable share it.
#pragma once

#include "memory/virtual/table_node.hpp"

namespace exo::memory::detail {

inline constexpr u32 KERNEL_HALF = 256;  ///< The first top-level index of the kernel half.

/// The level of the page table entry that maps `address`, and the table it is in.
struct Found {
    TableNode table;
    u32 level = 0;
    u32 index = 0;
    PageEntry entry;
};

/// Walks down to the entry that maps a page, or to the first empty entry.
inline Found find_entry(TableNode node, u64 address) {
    for (u32 level = 4;; --level) {
        const u32 index = entry_index(address, level);
        const PageEntry entry = node.get(index);
        if (entry.is_empty() || level == 1 || entry.is_large()) return {node, level, index, entry};
        node = TableNode::of(entry);
    }
}

}  // namespace exo::memory::detail
