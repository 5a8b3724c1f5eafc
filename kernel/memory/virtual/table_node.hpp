// TableNode: one page table (512 entries, any level) and the bookkeeping in its frame's record.
//
// The record's `previous` is a spin lock word, free while it is 0.
// INVARIANT: the record's `next` counts the entries that are not empty; at zero the table may be freed, and is all zeros.
// Tables with a large page, or with a lower table, count these as one entry each.
#pragma once

#include <algorithm>

#include "memory/layout.hpp"
#include "memory/physical/buddy_allocator.hpp"
#include "memory/virtual/page_flags.hpp"

namespace exo::memory {

/// Bytes that one entry of a table of `level` (1 to 4) covers.
constexpr u64 entry_span(u32 level) { return PAGE_SIZE << 9 * (level - 1); }
constexpr u32 entry_index(u64 address, u32 level) {
    return static_cast<u32>(address >> (PAGE_SHIFT + 9 * (level - 1)) & 511);
}

/// Where the entry of `span` bytes that covers `at` ends, `end` at most. The last entry of all ends where 64 bits do.
constexpr u64 end_of_part(u64 at, u64 span, u64 end) {
    return std::min(end - 1, align_down(at, span) + (span - 1)) + 1;
}

class TableNode {
  public:
    TableNode() = default;
    explicit TableNode(u32 frame)
        // SAFETY: a page table is 512 words of eight bytes.
        : words_(static_cast<std::atomic<u64>*>(direct_map(PhysicalAddress::of_frame(frame)))),
          frame_(frame) {}
    static TableNode of(PageEntry entry) { return TableNode(entry.frame()); }

    explicit operator bool() const { return words_ != nullptr; }
    u32 frame() const { return frame_; }
    PhysicalAddress address() const { return PhysicalAddress::of_frame(frame_); }

    /// acquire: pairs with the release of `replace`; what a lower table or a page holds was written before it was linked.
    PageEntry get(u32 index) const { return PageEntry(words_[index].load(std::memory_order_acquire)); }

    /// Changes an entry of which the caller is the only writer, and the count if it becomes empty or stops being so.
    void set(u32 index, PageEntry entry) const {
        const bool was_empty = words_[index].load(std::memory_order_relaxed) == 0;
        words_[index].store(entry.bits(), std::memory_order_release);
        if (was_empty != entry.is_empty()) used_count() += was_empty ? 1U : ~0U;
    }
    /// Changes a non-empty entry to another non-empty one; same rule.
    void rewrite(u32 index, PageEntry entry) const {
        words_[index].store(entry.bits(), std::memory_order_release);
    }
    /// Fills an empty entry; same rule. Counting is the caller's (add_used).
    void fill(u32 index, PageEntry entry) const {
        words_[index].store(entry.bits(), std::memory_order_release);
    }
    void clear(u32 index) const { words_[index].store(0, std::memory_order_relaxed); }
    void add_used(u32 count) const { used_count() += count; }
    void subtract_used(u32 count) const { used_count() -= count; }

    /// For writers side by side (faults): replaces the entry if it still is `expected`, neither may be turned empty.
    bool replace(u32 index, PageEntry expected, PageEntry desired) const {
        u64 bits = expected.bits();
        // release: pairs with get's acquire. acquire on failure: the winner's table is used next.
        if (!words_[index].compare_exchange_strong(bits, desired.bits(), std::memory_order_acq_rel,
                                                   std::memory_order_acquire))
            return false;
        if (expected.is_empty()) std::atomic_ref(used_count()).fetch_add(1, std::memory_order_relaxed);
        return true;
    }

    /// Beside writers of the same kind (faults) it may be out of date.
    u32 used() const { return std::atomic_ref(used_count()).load(std::memory_order_relaxed); }

    /// Held around changes of entries that are not empty, by those that work side by side, and while a reference is
    /// taken to a frame found in an entry: so that the frame cannot be freed in between.
    class [[nodiscard]] Lock {
      public:
        explicit Lock(const TableNode& table) : word_(record_of(table.frame_).previous) {
            sync::note_acquired(sync::LockRank::LeafTable, sync::Nesting::Ordered);
            // acquire: pairs with the release below
            while (word_.exchange(1, std::memory_order_acquire) != 0) arch::relax();
        }
        ~Lock() {
            word_.store(0, std::memory_order_release);
            sync::note_released(sync::LockRank::LeafTable);
        }
        Lock(const Lock&) = delete;
        Lock& operator=(const Lock&) = delete;

      private:
        std::atomic_ref<u32> word_;
    };

  private:
    u32& used_count() const { return record_of(frame_).next; }

    std::atomic<u64>* words_ = nullptr;
    u32 frame_ = 0;
};

/// Page tables of all levels, the kernel's and the programs'.
inline constinit std::atomic<u64> all_page_tables{0};

/// An empty table. Errors: OutOfMemory.
inline Result<TableNode> allocate_table() {
    const PhysicalAddress frame = TRY(frames.alloc_zeroed_frame());
    record_of(frame).next = 0;
    record_of(frame).previous = 0;
    all_page_tables.fetch_add(1, std::memory_order_relaxed);
    return TableNode(static_cast<u32>(frame.frame_number()));
}

/// Gives an empty table back; nobody may still walk through it.
inline void free_table(u32 frame) {
    DEBUG_ASSERT(record_of(frame).next == 0);
    all_page_tables.fetch_sub(1, std::memory_order_relaxed);
    if (record_of(frame).release()) frames.put_zeroed_frame(frame);
}

}  // namespace exo::memory
