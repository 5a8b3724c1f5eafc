// The kernel's heap, which operator new uses.
//
// It has three levels. For sizes up to 2048, each CPU has a chain of free objects per size class, which needs
// no lock; slabs refill it (slab_cache.hpp). LockedHeap serves sizes that would waste much of their last
// page; each CPU keeps a few pieces per class in front of it. All other sizes are whole frames of the buddy
// allocator.
// Key types: Heap (the kernel's instance is `heap`), LockedHeap, SlabCache, HeapStats. Which level an address belongs to
// is in its frame's record. Neighbours: physical/ below; everything that allocates above.
// Locking: interrupts are off for a few instructions. When a chain runs empty or full, the lock of the slab
// class or of LockedHeap is taken.
#pragma once

#include <array>

#include "memory/heap/locked_heap.hpp"
#include "memory/heap/size_class.hpp"
#include "memory/heap/slab_cache.hpp"
#include "sync/per_cpu.hpp"

namespace exo::memory {

/// The memory of one object; size 0: none.
struct HeapPiece {
    u64 start = 0;
    usize size = 0;
};

class Heap {
  public:
    /// Call after the frame allocator was started and before the first allocation.
    void initialise();

    /// Allocates memory; null if there is none. The result is aligned to 16 or more; `alignment` is a power
    /// of two up to 4096.
    void* allocate(usize size, usize alignment = 16);
    void deallocate(void* pointer);
    /// Frees memory. `size` and `alignment` are those of the allocation.
    void deallocate(void* pointer, usize size, usize alignment = 16);

    /// The piece that contains the address. Slab pieces are found whether allocated or free, others only
    /// while allocated.
    HeapPiece piece_around(u64 address);

    /// The counters are exact if no other CPU uses the heap at the same time.
    HeapStats stats();
    /// Returns the free objects of this CPU's chains to the slabs, and empty slabs to the frame allocator.
    void trim();

  private:
    /// Free objects of one class on one CPU.
    struct Chain {
        FreeObject* first = nullptr;
        std::atomic<u32> count{0};  ///< Written by its CPU only; atomic for stats.
    };
    static constexpr usize REGION_FRAMES = 16;
    static constexpr usize MAX_ODD_SIZE = 32 * KIB;
    /// Sizes up to 8 KiB without a slab class are rounded up to a multiple of this. Each CPU keeps a few free
    /// pieces of each such size.
    static constexpr usize ODD_STEP = 256;
    static constexpr usize ODD_CLASSES = 24;
    static constexpr u32 KEPT_ODD = 8;  ///< The limit of kept pieces per class.
    struct CpuCache {
        std::array<Chain, SLAB_CLASSES> chains{};
        std::array<Chain, ODD_CLASSES> odd_chains{};
    };

    /// The size of the slab object. Objects of a power of two are aligned to their size, others only to 16.
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
    std::atomic<u64> frame_bytes_{0};  ///< Allocated as whole frames. A frame's record has the address of
                                       ///< this counter as its owner.
};

extern constinit Heap heap;

}  // namespace exo::memory
