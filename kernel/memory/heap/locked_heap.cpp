#include "memory/heap/locked_heap.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "utils/bits.hpp"
#include "utils/kasan.hpp"

namespace exo::memory {

namespace {
u64 address_of(const void* pointer) {
    // SAFETY: an address is taken.
    return reinterpret_cast<u64>(pointer);
}
void* pointer_to(u64 address) {
    // SAFETY: the callers stay within regions that were added.
    return reinterpret_cast<void*>(address);
}
}  // namespace

Result<> LockedHeap::add_region(void* memory, usize size) {
    const u64 start = align_up(address_of(memory), UNIT);
    const u64 end = align_down(address_of(memory) + size, UNIT);
    if (size < UNIT || end < start + 2 * UNIT) return Error::InvalidSize;
    auto state = state_.lock();
    state->total += end - start;
    insert(*state, start, end - start);
    return {};
}

u64 LockedHeap::FreePiece::key(const FreePiece& piece) { return address_of(&piece); }

bool LockedHeap::FreePiece::update(FreePiece& piece) {
    usize largest = piece.size;
    if (const FreePiece* left = Pieces::left(piece)) largest = std::max(largest, left->largest);
    if (const FreePiece* right = Pieces::right(piece)) largest = std::max(largest, right->largest);
    return std::exchange(piece.largest, largest) != largest;
}

void LockedHeap::insert_node(State& state, u64 start, usize size) {
    kasan::heap_keeps(pointer_to(start), UNIT);
    state.pieces.insert(*new (pointer_to(start)) FreePiece(size));
}

void LockedHeap::remove_node(State& state, FreePiece& piece) {
    state.pieces.remove(piece);
    kasan::heap_grew(&piece, UNIT);
}

/// Puts a piece in, and merges it with its neighbours.
void LockedHeap::insert(State& state, u64 start, usize size) {
    state.free += size;
    FreePiece* before = state.pieces.floor(start);
    FreePiece* after = before != nullptr ? Pieces::next(*before) : state.pieces.first();
    ASSERT(before == nullptr || address_of(before) + before->size <= start);
    ASSERT(after == nullptr || start + size <= address_of(after));
    if (after != nullptr && start + size == address_of(after)) {
        size += after->size;
        remove_node(state, *after);
    }
    if (before != nullptr && address_of(before) + before->size == start) {
        before->size += size;
        Pieces::summary_changed(*before);
        return;
    }
    insert_node(state, start, size);
}

/// Cuts [offset, offset + size) out of a piece; what is left before and behind stays. All three are multiples of UNIT, so that
/// no remainder is too small for a node.
void* LockedHeap::take(State& state, FreePiece& piece, usize offset, usize size) {
    const u64 start = address_of(&piece) + offset;
    const usize behind = piece.size - offset - size;
    if (offset != 0) {
        piece.size = offset;
        Pieces::summary_changed(piece);
    } else {
        remove_node(state, piece);
    }
    if (behind != 0) insert_node(state, start + size, behind);
    state.free -= size;
    new (pointer_to(start)) Header{size, MAGIC};
    return pointer_to(start + UNIT);
}

/// The piece of at least `size` with the lowest address, or null.
LockedHeap::FreePiece* LockedHeap::first_fit(const State& state, usize size) {
    FreePiece* piece = state.pieces.root();
    if (piece == nullptr || piece->largest < size) return nullptr;
    while (true) {
        FreePiece* left = Pieces::left(*piece);
        if (left != nullptr && left->largest >= size)
            piece = left;
        else if (piece->size >= size)
            return piece;
        else
            piece = Pieces::right(*piece);
    }
}

void* LockedHeap::allocate(usize size, usize alignment) {
    const auto rounded = checked_align_up(size == 0 ? UNIT : size, UNIT);
    if (!rounded || *rounded > ~usize{0} - UNIT - alignment) return nullptr;
    const usize needed = *rounded + UNIT;
    const usize slack = alignment > UNIT ? alignment - UNIT : 0;
    auto state = state_.lock();
    FreePiece* piece = first_fit(*state, needed + slack);
    if (piece == nullptr) return nullptr;
    // The header comes before the aligned address.
    const u64 at = address_of(piece);
    return take(*state, *piece, align_up(at + UNIT, alignment > UNIT ? alignment : UNIT) - UNIT - at, needed);
}

void LockedHeap::deallocate(void* pointer) {
    if (pointer == nullptr) return;
    auto* header = static_cast<Header*>(pointer_to(address_of(pointer) - UNIT));
    ASSERT(header->magic == MAGIC && "heap: freed twice, or not allocated here");
    header->magic = 0;
    auto state = state_.lock();
    insert(*state, address_of(header), header->size);
}

usize LockedHeap::usable_size(const void* pointer) {
    return static_cast<const Header*>(pointer_to(address_of(pointer) - UNIT))->size - UNIT;
}

usize LockedHeap::allocated_at(u64 address) {
    const auto* header = static_cast<const Header*>(pointer_to(address));
    return header->magic == MAGIC ? header->size : 0;
}

HeapStats LockedHeap::stats() {
    auto state = state_.lock();
    return {state->total, state->total - state->free, state->free};
}

bool LockedHeap::is_consistent() {
    auto state = state_.lock();
    u64 free = 0;
    u64 end_of_last = 0;
    for (const FreePiece& piece : state->pieces) {
        if (address_of(&piece) <= end_of_last || piece.size < UNIT || piece.size % UNIT != 0) return false;
        end_of_last = address_of(&piece) + piece.size;
        free += piece.size;
    }
    return free == state->free && free <= state->total;
}

}  // namespace exo::memory
