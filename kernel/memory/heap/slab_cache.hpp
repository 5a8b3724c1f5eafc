// SlabCache: objects of one size, cut from frames.
//
// A slab is one frame. What is known of it lies in the frame's record, so that the whole frame holds objects: `owner` is
// the cache, `next` and `previous` link the slabs that have free objects, `index` packs the number of objects handed out
// and the head of the list of free ones. A full slab is in no list; an empty one beyond the first goes back.
// Locking: one IrqOff lock a cache; frames are allocated without it.
#pragma once

#include "memory/physical/frame_record.hpp"
#include "sync/spin_lock.hpp"

namespace exo::memory {

/// A free object: the first word of it.
struct FreeObject {
    FreeObject* next = nullptr;
};

class SlabCache {
  public:
    constexpr SlabCache() = default;
    /// Before first use. `size` is a multiple of 16 up to 2048.
    void set_size(u16 size) { size_ = size; }
    u16 size() const { return size_; }

    /// Up to `count` objects as a chain; how many. 0 when there is no memory.
    u32 take(FreeObject*& chain, u32 count);
    /// Gives a chain back.
    void give(FreeObject* chain);

    struct Stats {
        u64 slabs = 0;
        u64 objects_out = 0;  ///< In the hands of `take`'s callers.
    };
    Stats stats();
    /// Keeps no empty slab either.
    void trim();

  private:
    struct State {
        u32 first = 0;  ///< Slabs with free objects, by frame number.
        u32 empty = 0;  ///< Of these, how many have all objects free.
        u64 slabs = 0;
        u64 objects_out = 0;
    };
    u32 objects_per_slab() const { return static_cast<u32>(PAGE_SIZE / size_); }
    u8* object_at(u32 frame, u32 index) const;
    void add_slab(State& state, u32 frame);
    u32 take_from_slabs(State& state, FreeObject*& chain, u32 count);
    u32 give_one(State& state, FreeObject* object);
    static void link(State& state, u32 frame);
    static void unlink(State& state, u32 frame);

    u16 size_ = 0;
    sync::SpinLocked<State, sync::LockRank::Slab, sync::IrqOff> state_;
};

}  // namespace exo::memory
