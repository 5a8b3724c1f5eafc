// The kernel's heap: what operator new is made of.
//
// Three levels. Sizes up to 2048: a chain of free objects a CPU and size class, without a lock; behind it slabs
// (slab_cache.hpp). Sizes that would waste much of their last page: LockedHeap, behind a few kept pieces a CPU and class.
// The rest: frames from the buddies.
// Key types: Heap (the kernel's instance is `heap`), LockedHeap, SlabCache, HeapStats. Which level an address belongs to
// is in its frame's record. Neighbours: physical/ below; everything that allocates above.
// Locking: interrupts off for a few instructions; a class's or LockedHeap's lock when a chain runs empty or full.
#pragma once

#include <array>

#include "memory/heap/locked_heap.hpp"
#include "memory/heap/size_class.hpp"
#include "memory/heap/slab_cache.hpp"
#include "sync/per_cpu.hpp"

namespace exo::memory {

/// Memory of one object, as it lies in the heap; size 0 for none.
struct HeapPiece {
    u64 start = 0;
    usize size = 0;
};

class Heap {
  public:
    /// After the frame allocator, before the first allocation.
    void initialise();

    /// Null when there is no memory. 16-byte aligned or stricter; `alignment` is a power of two up to 4096.
    void* allocate(usize size, usize alignment = 16);
    void deallocate(void* pointer);
    /// Deallocates, for callers that know with what size and alignment it was allocated.
    void deallocate(void* pointer, usize size, usize alignment = 16);

    /// The piece that holds the address, handed out or not; for sizes that fit no slab only if handed out.
    HeapPiece piece_around(u64 address);

    /// Exact when no other CPU is inside.
    HeapStats stats();
    /// This CPU's chains go back to the slabs, and empty slabs to the frame allocator.
    void trim();

  private:
    /// Free objects of one class on one CPU.
    struct Chain {
        FreeObject* first = nullptr;
        std::atomic<u32> count{0};  ///< Written by its CPU only; atomic for stats.
    };
    static constexpr usize REGION_FRAMES = 16;
    static constexpr usize MAX_ODD_SIZE = 32 * KIB;
    /// Odd sizes up to 8 KiB are rounded up to a multiple of this, and some pieces of each are kept for the next to ask.
    static constexpr usize ODD_STEP = 256;
    static constexpr usize ODD_CLASSES = 24;
    static constexpr u32 KEPT_ODD = 8;  ///< Pieces of one class.
    struct CpuCache {
        std::array<Chain, SLAB_CLASSES> chains{};
        std::array<Chain, ODD_CLASSES> odd_chains{};
    };

    /// A power of two keeps its objects aligned to itself; others only to 16.
    static usize slab_size_for(usize size, usize alignment);
    static bool is_odd(usize size, usize alignment);
    void* allocate_small(usize size_class);
    [[gnu::noinline]] void* refill(usize size_class);
    void deallocate_small(usize size_class, void* pointer);
    [[gnu::noinline]] void give_back(usize size_class, u32 count);
    [[gnu::noinline]] void* allocate_odd(usize size, usize alignment);
    [[gnu::noinline]] void deallocate_odd(void* pointer);
    void* allocate_odd_anew(usize size, usize alignment);
    static void push(Chain& chain, void* pointer);
    static FreeObject* pop(Chain& chain);
    [[gnu::noinline]] void* allocate_frames(usize size);
    [[gnu::noinline]] void deallocate_frames(void* pointer);
    HeapPiece odd_piece_around(u64 address);
    HeapPiece frame_piece_around(u32 frame);

    std::array<SlabCache, SLAB_CLASSES> slabs_;
    sync::PerCpu<CpuCache> caches_;
    LockedHeap odd_;
    std::atomic<u64> frame_bytes_{0};  ///< In whole frames; its address marks these as their owner.
};

extern constinit Heap heap;

}  // namespace exo::memory
