// FrameRecord: what the kernel knows of one 4 KiB frame, 32 bytes. Found by frame number in O(1).
//
// Memory that was never allocated has no record yet: records are written a 2 MiB chunk at a time when the allocator
// first reaches it, so that start-up does not grow with the machine.
#pragma once

#include <atomic>

#include "memory/address.hpp"
#include "utils/assert.hpp"

namespace exo::memory {

/// What a frame is to the allocator. Zero is what a fresh record says.
enum class FrameState : u8 {
    None,       ///< No frame of ours (a hole, the kernel image), or inside a larger block.
    FreeHead,   ///< The first frame of a free block; `order` is the block's.
    Stocked,    ///< In a CPU's stock of single frames.
    Single,     ///< Handed out alone.
    BlockHead,  ///< The first frame of a block handed out by alloc_contiguous; `next` is its length.
};

class FrameRecord {
  public:
    // ---- References: each mapping and each holder counts one.

    u32 references() const { return static_cast<u32>(counts_.load(std::memory_order_relaxed)); }
    u32 map_count() const { return static_cast<u32>(counts_.load(std::memory_order_relaxed) >> 32); }
    void retain() { add(1); }
    /// A reference together with a count of mappings, in one step.
    void retain_mapped() { add(MAPPED_ONCE); }
    /// A reference that is already owned becomes a mapping's.
    void note_mapped() { counts_.fetch_add(MAPPED_ONCE - 1, std::memory_order_relaxed); }
    /// The reverse.
    void note_unmapped() { counts_.fetch_sub(MAPPED_ONCE - 1, std::memory_order_relaxed); }
    /// Whether it was the last reference. acq_rel: every holder's accesses happen before the frame is reused.
    [[nodiscard]] bool release() { return drop(1); }
    [[nodiscard]] bool release_mapped() { return drop(MAPPED_ONCE); }
    /// One reference, for a frame that was just allocated.
    void start() { counts_.store(1, std::memory_order_relaxed); }
    /// The caller's is the only reference, a mapping's: nobody else can see the frame. acquire: pairs with release().
    bool is_only_mapping() const { return counts_.load(std::memory_order_acquire) == MAPPED_ONCE; }

    // ---- For whoever owns the frame.

    void* owner() const { return owner_; }
    void set_owner(void* owner) { owner_ = owner; }
    /// The position within the owner: 52 bits.
    u64 index() const { return word_.load(std::memory_order_relaxed) >> INDEX_SHIFT; }
    void set_index(u64 index) {
        const u64 word = word_.load(std::memory_order_relaxed);
        word_.store((word & STATE_AND_ORDER) | index << INDEX_SHIFT, std::memory_order_relaxed);
    }

    /// Links for one list by frame number, 0 for none: free while the frame is allocated.
    u32 next = 0;
    u32 previous = 0;

    // ---- For the allocator.

    FrameState state() const { return static_cast<FrameState>(word_.load(std::memory_order_relaxed) & 0xf); }
    u32 order() const { return static_cast<u32>(word_.load(std::memory_order_relaxed) >> 4 & 0xf); }
    /// The index becomes 0. Atomic because a neighbour that frees looks at it; relaxed because what it looks for,
    /// FreeHead, is written under the lock that it holds.
    void set_state(FrameState state, u32 order = 0) {
        word_.store(static_cast<u64>(state) | u64{order} << 4, std::memory_order_relaxed);
    }

  private:
    static constexpr u64 MAPPED_ONCE = 1ULL << 32 | 1;
    static constexpr u64 STATE_AND_ORDER = 0xff;
    static constexpr u32 INDEX_SHIFT = 12;

    /// INVARIANT: where the references have once been this many, they stay at least as many: the frame is never given back,
    /// instead of too early after the count has wrapped.
    static constexpr u32 SATURATED = 1U << 31;

    void add(u64 what) {
        const u64 before = counts_.fetch_add(what, std::memory_order_relaxed);
        if ((before & SATURATED) != 0) [[unlikely]]
            saturate();
    }
    bool drop(u64 what) {
        const u64 before = counts_.fetch_sub(what, std::memory_order_acq_rel);
        DEBUG_ASSERT((before & 0xffff'ffff) != 0);
        if ((before & SATURATED) != 0) [[unlikely]]
            saturate();
        return (before & 0xffff'ffff) == 1;
    }
    void saturate() {
        const u64 counts = counts_.load(std::memory_order_relaxed);
        counts_.store((counts & ~u64{0xffff'ffff}) | (SATURATED + SATURATED / 2), std::memory_order_relaxed);
    }

    std::atomic<u64> counts_{0};  ///< Low half: references; high half: how many of them are mappings.
    std::atomic<u64> word_{0};    ///< Bits 0-3 state, 4-7 order, 12-63 index.
    void* owner_ = nullptr;
};
static_assert(sizeof(FrameRecord) == 32);

/// The records of one GiB of addresses, as far as there is memory.
struct FrameSection {
    static constexpr u32 SHIFT = 18;       ///< Frames a section: 2^18.
    static constexpr u32 CHUNK_SHIFT = 9;  ///< Frames a chunk: 2^9, 2 MiB.
    static constexpr u32 CHUNKS = 1 << (SHIFT - CHUNK_SHIFT);

    u64 records = 0;  ///< Address of the record that frame 0 would have; 0 when the section holds no memory.
    u32 first = 0;    ///< Frame numbers that have a place for a record: [first, end).
    u32 end = 0;
    std::atomic<u64>
        seen[CHUNKS /
             64]{};  ///< One bit a chunk: its records have been written. Set under the allocator's lock.
};

extern constinit FrameSection* frame_sections;
extern constinit u32 frame_section_count;

/// The record of a frame that the allocator has handed out (or a neighbour in the same chunk).
inline FrameRecord& record_of(u32 frame) {
    DEBUG_ASSERT(frame >> FrameSection::SHIFT < frame_section_count);
    // SAFETY: the section's array covers every frame of ours in it.
    return *reinterpret_cast<FrameRecord*>(frame_sections[frame >> FrameSection::SHIFT].records +
                                           u64{frame} * sizeof(FrameRecord));
}
inline FrameRecord& record_of(PhysicalAddress address) {
    return record_of(static_cast<u32>(address.frame_number()));
}

/// Drops one reference; the last gives the frame back.
void release_frame(u32 frame);

}  // namespace exo::memory
