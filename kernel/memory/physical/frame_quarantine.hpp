// FrameQuarantine: recently freed single frames. It delays their reuse, so that KASAN detects code that still
// uses them. Without KASAN it is empty.
#pragma once

#include "sync/spin_lock.hpp"
#include "utils/kasan.hpp"

namespace exo::memory {

#if defined(EXO_KASAN)

class FrameQuarantine {
  public:
    static constexpr bool IS_THERE = true;

    /// Adds a frame. Returns the oldest one, or 0 while there is room.
    u32 exchange(u32 frame) {
        auto ring = ring_.lock();
        u32& place = ring->frames[ring->next];
        ring->next = (ring->next + 1) % CAPACITY;
        return std::exchange(place, frame);
    }
    /// Removes any frame; 0 if it is empty.
    u32 take() {
        auto ring = ring_.lock();
        for (u32 i = 0; i < CAPACITY; ++i) {
            ring->next = (ring->next + CAPACITY - 1) % CAPACITY;
            if (const u32 frame = std::exchange(ring->frames[ring->next], 0)) return frame;
        }
        return 0;
    }

  private:
    static constexpr u32 CAPACITY = 256;
    struct Ring {
        u32 next = 0;
        u32 frames[CAPACITY] = {};  ///< 0: an empty place.
    };
    sync::SpinLocked<Ring, sync::LockRank::Frames, sync::IrqOff> ring_;
};

#else

struct FrameQuarantine {
    static constexpr bool IS_THERE = false;
    static u32 exchange(u32 frame) { return frame; }
    static u32 take() { return 0; }
};

#endif

}  // namespace exo::memory
