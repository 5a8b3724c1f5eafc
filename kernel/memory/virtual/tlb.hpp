// TlbBatch: collects translations that were removed, and memory that may be freed only after every CPU has
// flushed them.
//
//   TlbBatch batch(table);
//   … clear entries, batch.add_page(address), batch.add_frame(frame) …
//   batch.finish();        // flushes this CPU and all others that use the table, then frees
//
// A hook of the interrupt code reaches the other CPUs. With one CPU it is never called.
#pragma once

#include <array>
#include <span>

#include "memory/address.hpp"

namespace exo::memory {

class PageTable;

/// The addresses to flush: the pages of [start, end), or everything.
struct TlbRange {
    u64 start = ~0ULL;
    u64 end = 0;
    bool is_everything() const { return end == ~0ULL; }
    static constexpr TlbRange everything() { return {0, ~0ULL}; }
};

/// Flushes `range` on this CPU.
void flush_local(const TlbRange& range);

/// Makes the CPUs of `cpu_mask`, which never contains the caller's, run flush_local(range), and returns when
/// all have.
using ShootDownHook = void (*)(u64 cpu_mask, const TlbRange& range);
void set_shoot_down_hook(ShootDownHook hook);

class TlbBatch {
  public:
    explicit TlbBatch(PageTable& table) : table_(table) {}
    TlbBatch(const TlbBatch&) = delete;
    TlbBatch& operator=(const TlbBatch&) = delete;
    ~TlbBatch() { finish(); }

    void add_page(u64 address, u64 size = PAGE_SIZE) { add_pages(address, address + size); }
    void add_pages(u64 start, u64 end) {
        if (start < range_.start) range_.start = start;
        if (end > range_.end) range_.end = end;
    }
    /// Adds a mapping's reference to a frame, which is dropped after the flush.
    void add_frame(u32 frame) {
        if (frame_count_ == frames_.size()) finish();
        frames_[frame_count_++] = frame;
    }
    /// For a loop: places for more frames, possibly none. The caller fills some, from the first on, and then says how many.
    std::span<u32> free_places() { return std::span(frames_).subspan(frame_count_); }
    void fill_places(usize count) { frame_count_ += static_cast<u32>(count); }
    /// Adds a page table that is empty and unlinked, which is freed after the flush.
    void add_table(u32 frame);
    void finish();

  private:
    static constexpr usize CAPACITY = 64;
    PageTable& table_;
    TlbRange range_;
    u32 tables_ = 0;  ///< A chain of tables through their frame records.
    u32 frame_count_ = 0;
    std::array<u32, CAPACITY> frames_;
};

}  // namespace exo::memory
