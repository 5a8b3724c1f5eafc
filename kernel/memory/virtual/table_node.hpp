// TableNode: one page table (512 entries, any level) with its bookkeeping in the record of its frame.
//
// The record's `previous` is a spin lock word, free while it is 0.
// INVARIANT: the record's `next` counts the entries that are not empty. At zero the table contains only zeros
// and may be freed. A large page and a lower table count as one entry each.
#pragma once

#include <algorithm>

#include "memory/layout.hpp"
#include "memory/physical/buddy_allocator.hpp"
#include "memory/virtual/page_flags.hpp"

namespace exo::memory {

/// How many bytes one entry of a table of `level` (1 to 4) maps.
constexpr u64 entry_span(u32 level) { return PAGE_SIZE << 9 * (level - 1); }
constexpr u32 entry_index(u64 address, u32 level) {
    return static_cast<u32>(address >> (PAGE_SHIFT + 9 * (level - 1)) & 511);
}

/// The end of the entry of `span` bytes that contains `at`, limited by `end`. The very last entry ends where
/// 64-bit addresses end.
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

    /// acquire: pairs with the release of `replace`. The content of a lower table or page was written before
    /// it was linked.
    PageEntry get(u32 index) const { return PageEntry(words_[index].load(std::memory_order_acquire)); }

    /// Changes an entry, and the count if needed. The caller is the entry's only writer.
    void set(u32 index, PageEntry entry) const {
        const bool was_empty = words_[index].load(std::memory_order_relaxed) == 0;
        words_[index].store(entry.bits(), std::memory_order_release);
        if (was_empty != entry.is_empty()) used_count() += was_empty ? 1U : ~0U;
    }
    /// Changes a non-empty entry to another non-empty one. The caller is the entry's only writer.
    void rewrite(u32 index, PageEntry entry) const {
        words_[index].store(entry.bits(), std::memory_order_release);
    }
    /// Fills an empty entry. The caller is the entry's only writer, and updates the count (add_used).
    void fill(u32 index, PageEntry entry) const {
        words_[index].store(entry.bits(), std::memory_order_release);
    }
    void clear(u32 index) const { words_[index].store(0, std::memory_order_relaxed); }
    void add_used(u32 count) const { used_count() += count; }
    void subtract_used(u32 count) const { used_count() -= count; }

    /// For concurrent writers (faults): replaces the entry if it still equals `expected`. `desired` is not
    /// empty.
    bool replace(u32 index, PageEntry expected, PageEntry desired) const {
        u64 bits = expected.bits();
        // release: pairs with get's acquire. acquire on failure: the caller uses the winner's table next.
        if (!words_[index].compare_exchange_strong(bits, desired.bits(), std::memory_order_acq_rel,
                                                   std::memory_order_acquire))
            return false;
        if (expected.is_empty()) std::atomic_ref(used_count()).fetch_add(1, std::memory_order_relaxed);
        return true;
    }

    /// How many entries are used. May be outdated while concurrent writers (faults) run.
    u32 used() const { return std::atomic_ref(used_count()).load(std::memory_order_relaxed); }

    /// Concurrent writers hold it while they change entries that are not empty, and while they take a
    /// reference to a frame that they found in an entry. So the frame cannot be freed in between.
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

/// How many page tables exist, of all levels, including the kernel's.
inline constinit std::atomic<u64> all_page_tables{0};

/// Allocates an empty table. Errors: OutOfMemory.
inline Result<TableNode> allocate_table() {
    const PhysicalAddress frame = TRY(frames.alloc_zeroed_frame());
    record_of(frame).next = 0;
    record_of(frame).previous = 0;
    all_page_tables.fetch_add(1, std::memory_order_relaxed);
    return TableNode(static_cast<u32>(frame.frame_number()));
}

/// Frees an empty table. No CPU may still walk through it.
inline void free_table(u32 frame) {
    DEBUG_ASSERT(record_of(frame).next == 0);
    all_page_tables.fetch_sub(1, std::memory_order_relaxed);
    if (record_of(frame).release()) frames.put_zeroed_frame(frame);
}

}  // namespace exo::memory
