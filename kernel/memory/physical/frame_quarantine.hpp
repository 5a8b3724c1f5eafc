// FrameQuarantine: single frames that were freed a short while ago. Reuse is put off, so that KASAN sees who still uses them.
// Without KASAN there is none.
#pragma once

#include "sync/spin_lock.hpp"
#include "utils/kasan.hpp"

namespace exo::memory {

#if defined(EXO_KASAN)

class FrameQuarantine {
  public:
    static constexpr bool IS_THERE = true;

    /// Takes a frame in; the one that has been here longest, or 0 while there is room.
    u32 exchange(u32 frame) {
        auto ring = ring_.lock();
        u32& place = ring->frames[ring->next];
        ring->next = (ring->next + 1) % CAPACITY;
        return std::exchange(place, frame);
    }
    /// Any frame; 0 when it is empty.
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
        u32 frames[CAPACITY] = {};  ///< 0: none.
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
