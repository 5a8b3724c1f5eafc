// SlabCache: objects of one size, cut from frames.
//
// A slab is one frame. Its data is in the frame's record, so that the whole frame holds objects: `owner` is
// the cache, `next` and `previous` link the slabs with free objects, `index` packs the number of allocated
// objects and the head of the free list. A full slab is in no list. A cache keeps one empty slab and frees
// further ones.
// Locking: one IrqOff lock for each cache. It is not held while a frame is allocated.
#pragma once

#include "memory/physical/frame_record.hpp"
#include "sync/spin_lock.hpp"

namespace exo::memory {

/// The first word of a free object.
struct FreeObject {
    FreeObject* next = nullptr;
};

class SlabCache {
  public:
    constexpr SlabCache() = default;
    /// Sets the object size, a multiple of 16 up to 2048. Call before the first use.
    void set_size(u16 size) { size_ = size; }
    u16 size() const { return size_; }

    /// Takes up to `count` objects as a chain. Returns their number; 0 if there is no memory.
    u32 take(FreeObject*& chain, u32 count);
    /// Returns a chain of objects.
    void give(FreeObject* chain);

    struct Stats {
        u64 slabs = 0;
        u64 objects_out = 0;  ///< Objects that were taken and not returned.
    };
    Stats stats();
    /// Frees the last empty slab too.
    void trim();

  private:
    struct State {
        u32 first = 0;  ///< The list of slabs with free objects, by frame number.
        u32 empty = 0;  ///< How many slabs of the list have only free objects.
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
