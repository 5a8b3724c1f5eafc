// LockedHeap: free pieces in a tree by address, first fit, merged on free. For boot and for sizes that fit no slab class.
//
// The owner adds memory in regions, which stay for ever. Every piece, free or allocated, is a multiple of 64
// bytes. 64 bytes before an allocated piece contain its size, so freeing needs no size. Each tree node knows
// the largest piece in its subtree, so an allocation takes logarithmic time in the number of pieces.
// INVARIANT: allocated + free = total, where a piece's header counts with the piece.
#pragma once

#include "sync/spin_lock.hpp"
#include "utils/result.hpp"
#include "utils/tree.hpp"
#include "utils/types.hpp"

namespace exo::memory {

struct HeapStats {
    u64 total = 0;      ///< Bytes of all regions.
    u64 allocated = 0;  ///< Bytes of allocated pieces, including headers and rounding.
    u64 free = 0;
};

class LockedHeap {
  public:
    static constexpr usize UNIT = 64;

    constexpr LockedHeap() = default;

    /// Adds the region [memory, memory + size) for ever. Errors: InvalidSize (less than one piece).
    Result<> add_region(void* memory, usize size);
    /// Allocates memory, 64-byte aligned or more. Null if no free piece is large enough to contain an aligned
    /// piece at any position.
    void* allocate(usize size, usize alignment = UNIT);
    /// Frees a piece. `pointer` must come from `allocate`; every build checks the header.
    void deallocate(void* pointer);
    /// How many bytes at `pointer` may be used.
    static usize usable_size(const void* pointer);

    /// The size, with its header, of the allocated piece that begins at `address`; 0 if there is none.
    static usize allocated_at(u64 address);

    HeapStats stats();
    /// Checks that pieces are merged and add up to stats().free, for tests. O(free pieces).
    bool is_consistent();

  private:
    struct FreePiece {
        explicit FreePiece(usize size) : size(size), largest(size) {}
        static u64 key(const FreePiece& piece);
        static bool update(FreePiece& piece);

        TreeNode link;
        usize size;
        usize largest;  ///< The maximum in the subtree.
    };
    using Pieces = Tree<FreePiece, &FreePiece::link, FreePiece, FreePiece>;
    struct Header {
        usize size;  ///< The size of the whole piece.
        u64 magic;
    };
    static constexpr u64 MAGIC = 0x4558'4f48'4541'5021;
    static_assert(sizeof(FreePiece) <= UNIT && sizeof(Header) <= UNIT);

    /// INVARIANT: no two free pieces are adjacent.
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
