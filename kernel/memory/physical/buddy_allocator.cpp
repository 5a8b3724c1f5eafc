#include "memory/physical/buddy_allocator.hpp"

#include <algorithm>
#include <bit>

#include "arch/pages.hpp"
#include "memory/layout.hpp"
#include "memory/physical/frame_ref.hpp"

namespace exo::memory {

constinit BuddyAllocator frames;

namespace {

constexpr u64 CHUNK_FRAMES = 1ULL << FrameSection::CHUNK_SHIFT;

/// The frame number lies in memory of ours whose record has been written.
bool is_known(u64 frame) {
    const u64 section_index = frame >> FrameSection::SHIFT;
    if (section_index >= frame_section_count) return false;
    const FrameSection& section = frame_sections[section_index];
    if (frame < section.first || frame >= section.end) return false;
    const u64 chunk = frame >> FrameSection::CHUNK_SHIFT & (FrameSection::CHUNKS - 1);
    // acquire: pairs with the release in see_chunk; the records are written
    return (section.seen[chunk / 64].load(std::memory_order_acquire) >> chunk % 64 & 1) != 0;
}

/// Writes the records of the chunk that holds `frame`, once.
void see_chunk(u32 frame) {
    if (is_known(frame)) return;
    FrameSection& section = frame_sections[frame >> FrameSection::SHIFT];
    const u32 first = align_down(frame, static_cast<u32>(CHUNK_FRAMES));
    arch::clear_words(&record_of(first), CHUNK_FRAMES * sizeof(FrameRecord) / sizeof(u64));
    const u32 chunk = frame >> FrameSection::CHUNK_SHIFT & (FrameSection::CHUNKS - 1);
    // Only this lock holder writes. release: publishes the records.
    const u64 word = section.seen[chunk / 64].load(std::memory_order_relaxed);
    section.seen[chunk / 64].store(word | 1ULL << chunk % 64, std::memory_order_release);
}

}  // namespace

// ---- The lists. All of this runs under the lock.

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

// ---- Single frames: the stock.

bool BuddyAllocator::refill(Stock& stock) {
    auto state = state_.lock();
    u32 count = 0;
    while (count < BATCH) {
        // Fragments first, so that large blocks stay whole; else one block of just the right size.
        const u32 wanted = static_cast<u32>(std::bit_width(BATCH - count)) - 1;
        const u32 fragments = state->occupied & ((2U << wanted) - 1);
        u32 order = fragments != 0 ? static_cast<u32>(std::countr_zero(fragments)) : wanted;
        const u32 head = take_block(*state, order);
        if (head == 0) break;
        // From the top down, so that they are handed out in rising order.
        for (u32 i = 1U << order; i-- > 0;) {
            record_of(head + i).set_state(FrameState::Stocked);
            stock.frames[count++] = head + i;
        }
    }
    stock.count.store(count, std::memory_order_relaxed);
    return count != 0;
}

/// The `count` frames that lie longest in the stock go back to the lists.
void BuddyAllocator::drain(Stock& stock, u32 count) {
    const u32 before = stock.count.load(std::memory_order_relaxed);
    {
        auto state = state_.lock();
        for (u32 i = 0; i < count; ++i) {
            record_of(stock.frames[i]).set_state(FrameState::None);
            free_block(*state, stock.frames[i], 0);
        }
    }
    for (u32 i = count; i < before; ++i) stock.frames[i - count] = stock.frames[i];
    stock.count.store(before - count, std::memory_order_relaxed);
}

void BuddyAllocator::drain_stock() {
    const sync::InterruptsOff guard;
    Stock& stock = stocks_.mine();
    while (const u32 frame = take_zeroed(stock)) put_into(stock, frame);
    drain(stock, stock.count.load(std::memory_order_relaxed));
}

/// Any frame of the zeroed ones, its state still Stocked; 0 when there is none.
u32 BuddyAllocator::take_zeroed(Stock& stock) {
    const u32 count = stock.zeroed_count.load(std::memory_order_relaxed);
    if (count == 0) return 0;
    stock.zeroed_count.store(count - 1, std::memory_order_relaxed);
    return stock.zeroed[count - 1];
}

void BuddyAllocator::start_frame(u32 frame) {
    FrameRecord& record = record_of(frame);
    record.set_state(FrameState::Single);
    record.start();
}

u32 BuddyAllocator::try_alloc_frame() {
    const sync::InterruptsOff guard;
    Stock& stock = stocks_.mine();
    u32 count = stock.count.load(std::memory_order_relaxed);
    if (count == 0) [[unlikely]] {
        if (!refill(stock)) {
            const u32 frame = take_zeroed(stock);
            if (frame != 0) start_frame(frame);
            return frame;
        }
        count = stock.count.load(std::memory_order_relaxed);
    }
    const u32 frame = stock.frames[--count];
    stock.count.store(count, std::memory_order_relaxed);
    start_frame(frame);
    return frame;
}

void BuddyAllocator::put_into(Stock& stock, u32 frame) {
    if (stock.count.load(std::memory_order_relaxed) == STOCK_CAPACITY) [[unlikely]]
        drain(stock, BATCH);
    record_of(frame).set_state(FrameState::Stocked);
    const u32 count = stock.count.load(std::memory_order_relaxed);
    stock.frames[count] = frame;
    stock.count.store(count + 1, std::memory_order_relaxed);
}

void BuddyAllocator::put_frame(u32 frame) {
    DEBUG_ASSERT(record_of(frame).state() == FrameState::Single);
    const sync::InterruptsOff guard;
    put_into(stocks_.mine(), frame);
}

void BuddyAllocator::put_frames(std::span<const u32> list) {
    const sync::InterruptsOff guard;
    Stock& stock = stocks_.mine();
    for (const u32 frame : list) put_into(stock, frame);
}

void BuddyAllocator::put_zeroed_frame(u32 frame) {
    DEBUG_ASSERT(record_of(frame).state() == FrameState::Single);
    const sync::InterruptsOff guard;
    Stock& stock = stocks_.mine();
    const u32 count = stock.zeroed_count.load(std::memory_order_relaxed);
    if (count == ZEROED_CAPACITY) return put_into(stock, frame);
    record_of(frame).set_state(FrameState::Stocked);
    stock.zeroed[count] = frame;
    stock.zeroed_count.store(count + 1, std::memory_order_relaxed);
}

// ---- The public calls.

bool BuddyAllocator::reclaim(usize frames_wanted) {
    // acquire: pairs with set_reclaim_hook
    const ReclaimHook hook = reclaim_hook_.load(std::memory_order_acquire);
    return hook != nullptr && hook(frames_wanted) != 0;
}

Result<PhysicalAddress> BuddyAllocator::alloc_frame() {
    u32 frame;
    while ((frame = try_alloc_frame()) == 0) [[unlikely]] {
        if (!reclaim(1)) return Error::OutOfMemory;
    }
    return PhysicalAddress::of_frame(frame);
}

Result<PhysicalAddress> BuddyAllocator::alloc_zeroed_frame() {
    {
        const sync::InterruptsOff guard;
        const u32 frame = take_zeroed(stocks_.mine());
        if (frame != 0) {
            start_frame(frame);
            return PhysicalAddress::of_frame(frame);
        }
    }
    const PhysicalAddress frame = TRY(alloc_frame());
    arch::clear_page(direct_map(frame));
    return frame;
}

Result<> BuddyAllocator::free_frame(PhysicalAddress address) {
    if (!address.is_page_aligned()) return Error::AlignmentError;
    if (!is_known(address.frame_number())) return Error::InvalidAddress;
    FrameRecord& record = record_of(address);
    if (record.state() != FrameState::Single || record.references() != 1) return Error::InvalidAddress;
    release_frame(static_cast<u32>(address.frame_number()));
    return {};
}

Result<PhysicalAddress> BuddyAllocator::alloc_contiguous(usize count) {
    if (count == 0 || count > MAX_BLOCK_FRAMES) return Error::InvalidSize;
    if (count == 1) return alloc_frame();
    const u32 order = static_cast<u32>(std::bit_width(count - 1));
    for (bool is_drained = false;;) {
        {
            auto state = state_.lock();
            const u32 head = take_block(*state, order);
            if (head != 0) {
                free_range(*state, head + static_cast<u32>(count), static_cast<u32>((1ULL << order) - count));
                FrameRecord& record = record_of(head);
                record.set_state(FrameState::BlockHead);
                record.start();
                record.next = static_cast<u32>(count);
                return PhysicalAddress::of_frame(head);
            }
        }
        if (!is_drained) {
            // Frames of our own stock may be what keeps a large block from merging.
            drain_stock();
            is_drained = true;
        } else if (!reclaim(count)) {
            return Error::OutOfMemory;
        }
    }
}

Result<> BuddyAllocator::free_contiguous(PhysicalAddress address, usize count) {
    if (!address.is_page_aligned()) return Error::AlignmentError;
    if (count == 0 || count > MAX_BLOCK_FRAMES) return Error::InvalidSize;
    if (!is_known(address.frame_number())) return Error::InvalidAddress;
    FrameRecord& record = record_of(address);
    if (record.state() == FrameState::Single) return count == 1 ? free_frame(address) : Error::InvalidSize;
    if (record.state() != FrameState::BlockHead || record.references() != 1) return Error::InvalidAddress;
    if (record.next != count) return Error::InvalidSize;
    (void)record.release();
    record.set_state(FrameState::None);
    auto state = state_.lock();
    free_range(*state, static_cast<u32>(address.frame_number()), static_cast<u32>(count));
    return {};
}

Result<> BuddyAllocator::add_reserved_range(boot::PhysicalRange range) {
    if (!is_aligned(range.start, PAGE_SIZE) || !is_aligned(range.end, PAGE_SIZE))
        return Error::AlignmentError;
    if (range.start >= range.end) return {};
    const u64 first = range.start >> PAGE_SHIFT;
    const u64 end = range.end >> PAGE_SHIFT;
    auto state = state_.lock();
    for (u64 frame = first; frame < end; frame = align_down(frame, CHUNK_FRAMES) + CHUNK_FRAMES) {
        const u64 section = frame >> FrameSection::SHIFT;
        if (frame == 0 || section >= frame_section_count) return Error::InvalidAddress;
        if (frame < frame_sections[section].first || frame >= frame_sections[section].end)
            return Error::InvalidAddress;
    }
    for (u64 frame = first; frame < end;) {
        const u64 piece_end = std::min(end, align_down(frame, CHUNK_FRAMES) + CHUNK_FRAMES);
        see_chunk(static_cast<u32>(frame));
        free_range(*state, static_cast<u32>(frame), static_cast<u32>(piece_end - frame));
        frame = piece_end;
    }
    state->total_frames += end - first;
    return {};
}

BuddyStats BuddyAllocator::get_stats() {
    BuddyStats stats;
    for (u32 cpu = 0; cpu < arch::MAX_CPUS; ++cpu)
        stats.stocked_frames += stocks_.of(cpu).count.load(std::memory_order_relaxed) +
                                stocks_.of(cpu).zeroed_count.load(std::memory_order_relaxed);
    auto state = state_.lock();
    stats.total_frames = state->total_frames;
    stats.fresh_frames = state->fresh_frames;
    stats.record_frames = state->record_frames;
    stats.free_blocks = state->blocks;
    stats.free_frames = state->listed_frames + state->fresh_frames + stats.stocked_frames;
    return stats;
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

// ---- Frames with references.

void release_frame(u32 frame) {
    if (record_of(frame).release()) frames.put_frame(frame);
}

void release_mapped_frames(std::span<const u32> mapped) {
    [[clang::uninitialized]] u32 last[32];
    u32 count = 0;
    for (const u32 frame : mapped) {
        if (!record_of(frame).release_mapped()) continue;
        last[count++] = frame;
        if (count == std::size(last)) {
            frames.put_frames({last, count});
            count = 0;
        }
    }
    frames.put_frames({last, count});
}

Result<FrameRef> FrameRef::allocate() { return adopt(TRY(frames.alloc_frame())); }

Result<FrameRef> FrameRef::allocate_zeroed() { return adopt(TRY(alloc_zeroed_frame())); }

}  // namespace exo::memory
