// GuardedHeap: the heap with a redzone behind each object and a quarantine for freed ones; what operator new and delete are
// made of under KASAN.
//
//   | object, `size` bytes | redzone, to the end of the heap's piece; its last 16 bytes are the Trailer |
//
// Before an object lies the redzone of its neighbour, or memory that the heap has not handed out. Freed objects wait in the
// order of freeing until they are more than the limit together; all of them are given back when memory is short.
// Locking: one IrqOff lock around the quarantine's list; the heap is called without it.
#pragma once

#if defined(EXO_KASAN)

#include "memory/heap/heap.hpp"
#include "memory/kasan/shadow.hpp"

namespace exo::kasan {

class GuardedHeap {
  public:
    void set_quarantine_limit(usize bytes);
    /// As Heap::allocate.
    [[gnu::noinline]] void* allocate(usize size, usize alignment = 16);
    /// Ends in a report if the pointer is not that of a living object. (Sizes and alignments are known already.)
    [[gnu::noinline]] void deallocate(void* pointer, usize size = 0, usize alignment = 0);
    /// Gives all freed objects back to the heap; whether there were any.
    bool release_quarantine();
    usize quarantined_bytes() { return quarantine_.lock()->bytes; }

  private:
    /// A freed object's first words.
    struct Waiting {
        Waiting* next;
        usize size;
    };
    struct Quarantine {
        Waiting* first = nullptr;
        Waiting* last = nullptr;
        usize bytes = 0;
        usize limit = 0;
    };
    void* try_allocate(usize size, usize alignment);
    Waiting* take_from_quarantine(usize above);
    /// False if there was nothing to give back.
    bool shrink_quarantine(usize limit);

    sync::SpinLocked<Quarantine, sync::LockRank::Heap, sync::IrqOff> quarantine_;
};

extern constinit GuardedHeap guarded_heap;

}  // namespace exo::kasan

#endif
