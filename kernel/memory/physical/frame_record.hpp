// FrameRecord: the kernel's data about one 4 KiB frame, 32 bytes. The frame number finds it in O(1).
//
// Memory that was never allocated has no records yet: they are written for a chunk of 2 MiB when the
// allocator first reaches it, so that boot time does not grow with the machine.
#pragma once

#include <atomic>

#include "memory/address.hpp"
#include "utils/assert.hpp"

namespace exo::memory {

/// The state of a frame in the allocator. A new record contains 0.
enum class FrameState : u8 {
    None,       ///< Not managed by the allocator (a hole, the kernel image), or inside a larger block.
    FreeHead,   ///< The first frame of a free block; `order` is that of the block.
    Stocked,    ///< In a CPU's stock of single frames.
    Single,     ///< Allocated alone.
    BlockHead,  ///< The first frame of a block of alloc_contiguous; `next` is its length.
};

class FrameRecord {
  public:
    // ---- References. Each mapping and each holder counts one.

    u32 references() const { return static_cast<u32>(counts_.load(std::memory_order_relaxed)); }
    u32 map_count() const { return static_cast<u32>(counts_.load(std::memory_order_relaxed) >> 32); }
    void retain() { add(1); }
    /// Adds a reference and counts a mapping, in one step.
    void retain_mapped() { add(MAPPED_ONCE); }
    /// Turns a reference that the caller owns into a mapping's.
    void note_mapped() { counts_.fetch_add(MAPPED_ONCE - 1, std::memory_order_relaxed); }
    /// Turns a mapping's reference into one that the caller owns.
    void note_unmapped() { counts_.fetch_sub(MAPPED_ONCE - 1, std::memory_order_relaxed); }
    /// Drops a reference; returns whether it was the last. acq_rel: every holder's accesses happen before the
    /// frame is reused.
    [[nodiscard]] bool release() { return drop(1); }
    [[nodiscard]] bool release_mapped() { return drop(MAPPED_ONCE); }
    /// Sets one reference, for a frame that was just allocated.
    void start() { counts_.store(1, std::memory_order_relaxed); }
    /// Whether the only reference is that of one mapping, the caller's, so that no other code can access the
    /// frame. acquire: pairs with release().
    bool is_only_mapping() const { return counts_.load(std::memory_order_acquire) == MAPPED_ONCE; }

    // ---- Fields for the frame's owner.

    void* owner() const { return owner_; }
    void set_owner(void* owner) { owner_ = owner; }
    /// The position within the owner: 52 bits.
    u64 index() const { return word_.load(std::memory_order_relaxed) >> INDEX_SHIFT; }
    void set_index(u64 index) {
        const u64 word = word_.load(std::memory_order_relaxed);
        word_.store((word & STATE_AND_ORDER) | index << INDEX_SHIFT, std::memory_order_relaxed);
    }

    /// A link for one list by frame number; 0: none. Unused while the frame is allocated.
    u32 next = 0;
    u32 previous = 0;

    // ---- Fields for the allocator.

    FrameState state() const { return static_cast<FrameState>(word_.load(std::memory_order_relaxed) & 0xf); }
    u32 order() const { return static_cast<u32>(word_.load(std::memory_order_relaxed) >> 4 & 0xf); }
    /// Also sets the index to 0. Atomic because a thread that frees a neighbour reads it. Relaxed because
    /// that thread looks for FreeHead, which is only written under the lock that it holds.
    void set_state(FrameState state, u32 order = 0) {
        word_.store(static_cast<u64>(state) | u64{order} << 4, std::memory_order_relaxed);
    }

  private:
    static constexpr u64 MAPPED_ONCE = 1ULL << 32 | 1;
    static constexpr u64 STATE_AND_ORDER = 0xff;
    static constexpr u32 INDEX_SHIFT = 12;

    /// INVARIANT: a reference count that has reached this number stays at or above it. Such a frame is never
    /// freed, which is better than freeing it too early after the count has wrapped.
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
    [[gnu::cold, gnu::noinline]] void saturate() {
        const u64 counts = counts_.load(std::memory_order_relaxed);
        counts_.store((counts & ~u64{0xffff'ffff}) | (SATURATED + SATURATED / 2), std::memory_order_relaxed);
    }

    std::atomic<u64> counts_{0};  ///< Low half: references; high half: how many of them belong to mappings.
    std::atomic<u64> word_{0};    ///< Bits 0-3 state, 4-7 order, 12-63 index.
    void* owner_ = nullptr;
};
static_assert(sizeof(FrameRecord) == 32);

/// The records of the frames in one GiB of addresses.
struct FrameSection {
    static constexpr u32 SHIFT = 18;       ///< A section has 2^18 frames.
    static constexpr u32 CHUNK_SHIFT = 9;  ///< A chunk has 2^9 frames, 2 MiB.
    static constexpr u32 CHUNKS = 1 << (SHIFT - CHUNK_SHIFT);

    u64 records = 0;  ///< Where the record of frame 0 would be; 0 if the section has no memory.
    u32 first = 0;    ///< Frame numbers with room for a record: [first, end).
    u32 end = 0;
    std::atomic<u64>
        seen[CHUNKS /
             64]{};  ///< One bit for each chunk whose records were written. Set under the allocator's lock.
};

extern constinit FrameSection* frame_sections;
extern constinit u32 frame_section_count;

/// The record of an allocated frame (or of another frame in the same chunk).
inline FrameRecord& record_of(u32 frame) {
    DEBUG_ASSERT(frame >> FrameSection::SHIFT < frame_section_count);
    // SAFETY: the section's array covers every frame of it that the allocator manages.
    return *reinterpret_cast<FrameRecord*>(frame_sections[frame >> FrameSection::SHIFT].records +
                                           u64{frame} * sizeof(FrameRecord));
}
inline FrameRecord& record_of(PhysicalAddress address) {
    return record_of(static_cast<u32>(address.frame_number()));
}

/// Finds records as record_of does, for a loop over many frames, most of which are in the same section.
class FrameRecords {
  public:
    FrameRecord& operator[](u32 frame) {
        if (frame >> FrameSection::SHIFT != section_) [[unlikely]] {
            DEBUG_ASSERT(frame >> FrameSection::SHIFT < frame_section_count);
            section_ = frame >> FrameSection::SHIFT;
            records_ = frame_sections[section_].records;
        }
        // SAFETY: as in record_of.
        return *reinterpret_cast<FrameRecord*>(records_ + u64{frame} * sizeof(FrameRecord));
    }

  private:
    u32 section_ = ~0U;
    u64 records_ = 0;
};

/// Drops one reference. The last one frees the frame.
void release_frame(u32 frame);

}  // namespace exo::memory
