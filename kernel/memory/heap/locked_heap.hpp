// LockedHeap: free pieces in a tree by address, first fit, merged on free. For boot and for sizes that fit no slab class.
//
// Memory comes in regions that the owner adds; they are never taken away. Every piece, free or not, is a multiple of
// 64 bytes; an allocated one is preceded by 64 bytes that tell its size, so a free needs none. Each piece in the tree knows
// the largest one below it: how many pieces there are matters to no allocation but by its logarithm.
// INVARIANT: allocated + free = total, where a piece's header counts with the piece.
#pragma once

#include "sync/spin_lock.hpp"
#include "utils/result.hpp"
#include "utils/tree.hpp"
#include "utils/types.hpp"

namespace exo::memory {

struct HeapStats {
    u64 total = 0;      ///< Bytes that the heap holds.
    u64 allocated = 0;  ///< Of these, in the hands of callers (with headers and rounding).
    u64 free = 0;
};

class LockedHeap {
  public:
    static constexpr usize UNIT = 64;

    constexpr LockedHeap() = default;

    /// Lends [memory, memory + size) to the heap for ever. Errors: InvalidSize (less than one piece).
    Result<> add_region(void* memory, usize size);
    /// 64-byte aligned or stricter; null when no piece is large enough for every place in it to have the alignment.
    void* allocate(usize size, usize alignment = UNIT);
    /// The pointer must be one that `allocate` returned; what is in the header is checked in every build.
    void deallocate(void* pointer);
    /// The bytes that may be used at `pointer`.
    static usize usable_size(const void* pointer);

    /// The size, with its header, of the piece that was handed out and begins there; 0 if none does.
    static usize allocated_at(u64 address);

    HeapStats stats();
    /// The pieces are merged, and sum up to stats().free: for tests, O(free pieces).
    bool is_consistent();

  private:
    struct FreePiece {
        explicit FreePiece(usize size) : size(size), largest(size) {}
        static u64 key(const FreePiece& piece);
        static bool update(FreePiece& piece);

        TreeNode link;
        usize size;
        usize largest;  ///< Of the subtree.
    };
    using Pieces = Tree<FreePiece, &FreePiece::link, FreePiece, FreePiece>;
    struct Header {
        usize size;  ///< Of the whole piece.
        u64 magic;
    };
    static constexpr u64 MAGIC = 0x4558'4f48'4541'5021;
    static_assert(sizeof(FreePiece) <= UNIT && sizeof(Header) <= UNIT);

    /// INVARIANT: no two adjoining.
    struct State {
        Pieces pieces;
        u64 total = 0;
        u64 free = 0;
    };
    static void insert_node(State& state, u64 start, usize size);
    static void remove_node(State& state, FreePiece& piece);
    static void insert(State& state, u64 start, usize size);
    static void* take(State& state, FreePiece& piece, usize offset, usize size);
    static FreePiece* first_fit(const State& state, usize size);

    sync::SpinLocked<State, sync::LockRank::Heap, sync::IrqOff> state_;
};

}  // namespace exo::memory
