// The lists of free blocks. All of this runs under the lock.
#include <algorithm>
#include <bit>

#include "memory/physical/buddy_allocator.hpp"
#include "memory/physical/frame_section.hpp"

namespace exo::memory {

void BuddyAllocator::push_block(State& state, u32 head, u32 order) {
    FrameRecord& record = record_of(head);
    record.set_state(FrameState::FreeHead, order);
    record.previous = 0;
    record.next = state.heads[order];
    if (record.next != 0) record_of(record.next).previous = head;
    state.heads[order] = head;
    state.occupied |= 1U << order;
    ++state.blocks[order];
    state.listed_frames += 1ULL << order;
}

void BuddyAllocator::remove_block(State& state, u32 head, u32 order) {
    FrameRecord& record = record_of(head);
    DEBUG_ASSERT(record.state() == FrameState::FreeHead && record.order() == order);
    if (record.previous != 0)
        record_of(record.previous).next = record.next;
    else
        state.heads[order] = record.next;
    if (record.next != 0) record_of(record.next).previous = record.previous;
    if (state.heads[order] == 0) state.occupied &= ~(1U << order);
    record.set_state(FrameState::None);
    --state.blocks[order];
    state.listed_frames -= 1ULL << order;
}

/// Puts a block into the lists, merged with its buddy as long as that is free too.
void BuddyAllocator::free_block(State& state, u32 head, u32 order) {
    while (order < MAX_ORDER) {
        const u32 buddy = head ^ 1U << order;
        if (!is_known(buddy)) break;
        const FrameRecord& record = record_of(buddy);
        if (record.state() != FrameState::FreeHead || record.order() != order) break;
        remove_block(state, buddy, order);
        head = head < buddy ? head : buddy;
        ++order;
    }
    push_block(state, head, order);
}

/// Any range, cut into aligned blocks.
void BuddyAllocator::free_range(State& state, u32 first, u32 count) {
    while (count != 0) {
        const u32 by_alignment = static_cast<u32>(std::countr_zero(first));
        const u32 by_length = static_cast<u32>(std::bit_width(count)) - 1;
        const u32 order = std::min(std::min(by_alignment, by_length), MAX_ORDER);
        free_block(state, first, order);
        first += 1U << order;
        count -= 1U << order;
    }
}

/// Moves the next chunk of fresh memory into the lists. False when there is none.
bool BuddyAllocator::open_fresh_chunk(State& state) {
    while (!state.fresh.is_empty() && state.fresh.back().next == state.fresh.back().end)
        state.fresh.erase(state.fresh.size() - 1);
    if (state.fresh.is_empty()) return false;
    FreshRange& range = state.fresh.back();
    const u64 chunk_end = align_down(u64{range.next}, CHUNK_FRAMES) + CHUNK_FRAMES;
    const u32 end = static_cast<u32>(std::min<u64>(range.end, chunk_end));
    const u32 first = range.next;
    range.next = end;
    state.fresh_frames -= end - first;
    see_chunk(first);
    free_range(state, first, end - first);
    return true;
}

/// A block of exactly this order, its head's state None; 0 when there is none.
u32 BuddyAllocator::take_block(State& state, u32 order) {
    while (state.occupied >> order == 0) {
        if (!open_fresh_chunk(state)) return 0;
    }
    u32 found = order + static_cast<u32>(std::countr_zero(state.occupied >> order));
    const u32 head = state.heads[found];
    remove_block(state, head, found);
    while (found > order) {
        --found;
        push_block(state, head + (1U << found), found);
    }
    return head;
}

void BuddyAllocator::for_each_free(FunctionRef<void(u32, usize)> visit) {
    auto state = state_.lock();
    for (const FreshRange& range : state->fresh) visit(range.next, range.end - range.next);
    for (u32 order = 0; order <= MAX_ORDER; ++order)
        for (u32 head = state->heads[order]; head != 0; head = record_of(head).next)
            visit(head, 1ULL << order);
    const Stock& stock = stocks_.mine();
    for (u32 i = 0; i < stock.count.load(std::memory_order_relaxed); ++i) visit(stock.frames[i], 1);
    for (u32 i = 0; i < stock.zeroed_count.load(std::memory_order_relaxed); ++i) visit(stock.zeroed[i], 1);
}

bool BuddyAllocator::list_is_consistent(State& state, u32 order) {
    u64 blocks = 0;
    u32 previous = 0;
    for (u32 head = state.heads[order]; head != 0; head = record_of(head).next) {
        const FrameRecord& record = record_of(head);
        if (record.state() != FrameState::FreeHead || record.order() != order || record.previous != previous)
            return false;
        if (!is_aligned(head, 1U << order)) return false;
        previous = head;
        if (++blocks > state.blocks[order]) return false;
    }
    return blocks == state.blocks[order] && (blocks != 0) == ((state.occupied >> order & 1) != 0);
}

bool BuddyAllocator::is_consistent() {
    auto state = state_.lock();
    u64 listed = 0;
    for (u32 order = 0; order <= MAX_ORDER; ++order) {
        if (!list_is_consistent(*state, order)) return false;
        listed += state->blocks[order] << order;
    }
    u64 fresh = 0;
    for (const FreshRange& range : state->fresh) fresh += range.end - range.next;
    return listed == state->listed_frames && fresh == state->fresh_frames;
}

}  // namespace exo::memory
