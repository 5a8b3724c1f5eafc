// GuardedHeap: the heap with a redzone behind each object and a quarantine for freed objects. Under KASAN
// operator new and delete use it.
//
//   | object, `size` bytes | redzone, to the end of the heap's piece; its last 16 bytes are the Trailer |
//
// Before an object lies the redzone of its neighbour, or memory that the heap has not allocated. Freed
// objects stay in the quarantine, in the order of freeing, until their total size exceeds the limit. All of
// them are freed when memory is short.
// Locking: one IrqOff lock guards the quarantine's list. The heap is called without it.
#pragma once

#if defined(EXO_KASAN)

#include "memory/heap/heap.hpp"
#include "memory/kasan/shadow.hpp"

namespace exo::kasan {

class GuardedHeap {
  public:
    void set_quarantine_limit(usize bytes);
    /// Allocates like Heap::allocate, plus a redzone.
    [[gnu::noinline]] void* allocate(usize size, usize alignment = 16);
    /// Moves an object to the quarantine. Reports an error if the pointer is not that of a live object. (The
    /// size and alignment are already known.)
    [[gnu::noinline]] void deallocate(void* pointer, usize size = 0, usize alignment = 0);
    /// Frees all objects in the quarantine. Returns whether there were any.
    bool release_quarantine();
    usize quarantined_bytes() { return quarantine_.lock()->bytes; }

  private:
    /// The first words of a freed object in the quarantine.
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
    /// Frees old objects until the quarantine fits `limit`. Returns false if it freed none.
    bool shrink_quarantine(usize limit);

    sync::SpinLocked<Quarantine, sync::LockRank::Heap, sync::IrqOff> quarantine_;
};

extern constinit GuardedHeap guarded_heap;

}  // namespace exo::kasan

#endif
