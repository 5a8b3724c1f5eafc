// Single frames: a stock a CPU, which needs only interrupts off.
#include <bit>

#include "memory/physical/buddy_allocator.hpp"

namespace exo::memory {

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
        // Frames that were allocated together are freed together, upwards or downwards: each run goes back as few blocks.
        for (u32 i = 0; i < count;) {
            const u32 start = stock.frames[i];
            u32 run = 1;
            const bool is_ascending = i + 1 < count && stock.frames[i + 1] == start + 1;
            while (i + run < count && stock.frames[i + run] == (is_ascending ? start + run : start - run))
                ++run;
            const u32 first = is_ascending ? start : start - (run - 1);
            for (u32 frame = first; frame < first + run; ++frame)
                record_of(frame).set_state(FrameState::None);
            free_range(*state, first, run);
            i += run;
        }
    }
    for (u32 i = count; i < before; ++i) stock.frames[i - count] = stock.frames[i];
    stock.count.store(before - count, std::memory_order_relaxed);
}

void BuddyAllocator::drain_stock() {
    (void)release_quarantine();
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
    kasan::frames_allocated(frame, 1);
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

/// Returns a frame to the stock, through the quarantine if there is one.
void BuddyAllocator::put_delayed(Stock& stock, u32 frame) {
    kasan::frames_freed(frame, 1);
    if constexpr (FrameQuarantine::IS_THERE) {
        record_of(frame).set_state(FrameState::Stocked);
        frame = quarantine_.exchange(frame);
        if (frame == 0) return;
    }
    put_into(stock, frame);
}

bool BuddyAllocator::release_quarantine() {
    if constexpr (!FrameQuarantine::IS_THERE) return false;
    const sync::InterruptsOff guard;
    bool is_any = false;
    while (const u32 frame = quarantine_.take()) {
        put_into(stocks_.mine(), frame);
        is_any = true;
    }
    return is_any;
}

void BuddyAllocator::put_frame(u32 frame) {
    DEBUG_ASSERT(record_of(frame).state() == FrameState::Single);
    const sync::InterruptsOff guard;
    put_delayed(stocks_.mine(), frame);
}

void BuddyAllocator::put_frames(std::span<const u32> list) {
    const sync::InterruptsOff guard;
    Stock& stock = stocks_.mine();
    for (const u32 frame : list) put_delayed(stock, frame);
}

void BuddyAllocator::put_zeroed_frame(u32 frame) {
    DEBUG_ASSERT(record_of(frame).state() == FrameState::Single);
    const sync::InterruptsOff guard;
    Stock& stock = stocks_.mine();
    const u32 count = stock.zeroed_count.load(std::memory_order_relaxed);
    if (count == ZEROED_CAPACITY) return put_delayed(stock, frame);
    kasan::frames_freed(frame, 1);
    record_of(frame).set_state(FrameState::Stocked);
    stock.zeroed[count] = frame;
    stock.zeroed_count.store(count + 1, std::memory_order_relaxed);
}

}  // namespace exo::memory
