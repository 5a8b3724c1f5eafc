#include "memory/heap/locked_heap.hpp"

#include <new>

#include "utils/bits.hpp"

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

/// Puts a piece in its place in the list, and merges it with its neighbours.
void LockedHeap::insert(State& state, u64 start, usize size) {
    state.free += size;
    FreePiece* before = nullptr;
    FreePiece* after = state.first;
    while (after != nullptr && address_of(after) < start) {
        before = after;
        after = after->next;
    }
    ASSERT(before == nullptr || address_of(before) + before->size <= start);
    ASSERT(after == nullptr || start + size <= address_of(after));
    if (after != nullptr && start + size == address_of(after)) {
        size += after->size;
        after = after->next;
    }
    if (before != nullptr && address_of(before) + before->size == start) {
        before->size += size;
        before->next = after;
        return;
    }
    FreePiece* piece = new (pointer_to(start)) FreePiece{size, after};
    (before != nullptr ? before->next : state.first) = piece;
}

/// Cuts [offset, offset + size) out of the piece at `*link`; what is left before and behind stays in the list. All three
/// are multiples of UNIT, so that no remainder is too small for a node.
void* LockedHeap::take(State& state, FreePiece** link, usize offset, usize size) {
    FreePiece* piece = *link;
    const u64 start = address_of(piece) + offset;
    const usize behind = piece->size - offset - size;
    FreePiece* next = piece->next;
    if (behind != 0) next = new (pointer_to(start + size)) FreePiece{behind, next};
    if (offset != 0) {
        piece->size = offset;
        piece->next = next;
    } else {
        *link = next;
    }
    state.free -= size;
    new (pointer_to(start)) Header{size, MAGIC};
    return pointer_to(start + UNIT);
}

void* LockedHeap::allocate(usize size, usize alignment) {
    if (alignment < UNIT) alignment = UNIT;
    const auto rounded = checked_align_up(size == 0 ? UNIT : size, UNIT);
    if (!rounded || *rounded > ~usize{0} - UNIT) return nullptr;
    const usize needed = *rounded + UNIT;
    auto state = state_.lock();
    for (FreePiece** link = &state->first; *link != nullptr; link = &(*link)->next) {
        // The header comes before the aligned address.
        const u64 at = address_of(*link);
        const u64 user = align_up(at + UNIT, alignment);
        const usize offset = user - UNIT - at;
        if (user < at || offset > (*link)->size || (*link)->size - offset < needed) continue;
        return take(*state, link, offset, needed);
    }
    return nullptr;
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
    for (const FreePiece* piece = state->first; piece != nullptr; piece = piece->next) {
        if (address_of(piece) <= end_of_last || piece->size < UNIT || piece->size % UNIT != 0) return false;
        end_of_last = address_of(piece) + piece->size;
        free += piece->size;
    }
    return free == state->free && free <= state->total;
}

}  // namespace exo::memory
