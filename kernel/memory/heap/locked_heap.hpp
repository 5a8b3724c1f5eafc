// LockedHeap: a linked list of free pieces, first fit, merged on free. For boot and for sizes that fit no slab class.
//
// Memory comes in regions that the owner adds; they are never taken away. Every piece, free or not, is a multiple of
// 16 bytes; an allocated one is preceded by 16 bytes that tell its size, so a free needs none.
// INVARIANT: allocated + free = total, where a piece's header counts with the piece.
#pragma once

#include "sync/spin_lock.hpp"
#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo::memory {

struct HeapStats {
    u64 total = 0;      ///< Bytes that the heap holds.
    u64 allocated = 0;  ///< Of these, in the hands of callers (with headers and rounding).
    u64 free = 0;
};

class LockedHeap {
  public:
    static constexpr usize UNIT = 16;

    constexpr LockedHeap() = default;

    /// Lends [memory, memory + size) to the heap for ever. Errors: InvalidSize (less than one piece).
    Result<> add_region(void* memory, usize size);
    /// 16-byte aligned or stricter; null when no piece is large enough.
    void* allocate(usize size, usize alignment = 16);
    /// The pointer must be one that `allocate` returned; what is in the header is checked in every build.
    void deallocate(void* pointer);
    /// The bytes that may be used at `pointer`.
    static usize usable_size(const void* pointer);

    /// The size, with its header, of the piece that was handed out and begins there; 0 if none does.
    static usize allocated_at(u64 address);

    HeapStats stats();
    /// The list is sorted, merged, and sums up to stats().free: for tests, O(free pieces).
    bool is_consistent();

  private:
    struct FreePiece {
        usize size;
        FreePiece* next;
    };
    struct Header {
        usize size;  ///< Of the whole piece.
        u64 magic;
    };
    static constexpr u64 MAGIC = 0x4558'4f48'4541'5021;
    static_assert(sizeof(FreePiece) == UNIT && sizeof(Header) == UNIT);

    /// INVARIANT: sorted by address, no two adjoining.
    struct State {
        FreePiece* first = nullptr;
        u64 total = 0;
        u64 free = 0;
    };
    static void insert(State& state, u64 start, usize size);
    static void* take(State& state, FreePiece** link, usize offset, usize size);

    sync::SpinLocked<State, sync::LockRank::Heap, sync::IrqOff> state_;
};

}  // namespace exo::memory
