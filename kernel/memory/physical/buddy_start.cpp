// Taking over the machine's memory: free ranges without the reserved ones, and the frame records carved out of them.
#include <algorithm>

#include "arch/pages.hpp"
#include "memory/layout.hpp"
#include "memory/physical/buddy_allocator.hpp"

namespace exo::memory {

constinit FrameSection* frame_sections = nullptr;
constinit u32 frame_section_count = 0;

/// Adds what is left of `range` to the fresh ranges, in whole pages.
Result<> BuddyAllocator::subtract_reserved(State& state, boot::PhysicalRange range,
                                           std::span<const boot::PhysicalRange> reserved) {
    // Frame numbers have 32 bits, and frame 0 stands for "none".
    u64 at = std::max(align_up(range.start, PAGE_SIZE), u64{PAGE_SIZE});
    const u64 end = std::min<u64>(align_down(range.end, PAGE_SIZE), (1ULL << 32) * PAGE_SIZE - PAGE_SIZE);
    while (at < end) {
        // The free piece from `at` to the next reserved range; a range that covers `at` moves it on.
        u64 piece_end = end;
        u64 next = end;
        for (const boot::PhysicalRange& hole : reserved) {
            const u64 hole_start = align_down(hole.start, PAGE_SIZE);
            const u64 hole_end = align_up(hole.end, PAGE_SIZE);
            if (hole_start >= hole_end || hole_end <= at || hole_start >= piece_end) continue;
            piece_end = std::max(hole_start, at);
            next = hole_end;
        }
        if (piece_end > at) {
            TRY(state.fresh.push(
                {static_cast<u32>(at >> PAGE_SHIFT), static_cast<u32>(piece_end >> PAGE_SHIFT)}));
            state.fresh_frames += (piece_end - at) >> PAGE_SHIFT;
        }
        at = std::max(next, piece_end);
    }
    return {};
}

/// Takes whole frames off the end of the lowest fresh range that holds them: their address.
Result<u64> BuddyAllocator::carve(State& state, u64 bytes) {
    const u64 count = divide_round_up(bytes, PAGE_SIZE);
    FreshRange* best = nullptr;
    for (FreshRange& range : state.fresh) {
        if (range.end - range.next >= count && (best == nullptr || range.next < best->next)) best = &range;
    }
    if (best == nullptr) return Error::OutOfMemory;
    best->end -= static_cast<u32>(count);
    state.fresh_frames -= count;
    state.record_frames += count;
    return u64{best->end} << PAGE_SHIFT;
}

/// Gives each GiB with memory an array for its records, whole chunks long, and leaves it unwritten.
Result<> BuddyAllocator::place_sections(State& state) {
    u32 highest = 0;
    for (const FreshRange& range : state.fresh) highest = std::max(highest, range.end - 1);
    const u32 count = (highest >> FrameSection::SHIFT) + 1;
    const u64 table = TRY(carve(state, count * sizeof(FrameSection)));
    auto* sections = static_cast<FrameSection*>(direct_map(PhysicalAddress(table)));
    for (u32 i = 0; i < count; ++i) new (&sections[i]) FrameSection();

    constexpr u32 CHUNK = 1U << FrameSection::CHUNK_SHIFT;
    for (const FreshRange& range : state.fresh) {
        if (range.next == range.end) continue;
        for (u32 i = range.next >> FrameSection::SHIFT; i <= (range.end - 1) >> FrameSection::SHIFT; ++i) {
            const u32 start = i << FrameSection::SHIFT;
            const u32 first = align_down(std::max(start, range.next), CHUNK);
            const u64 end =
                std::min<u64>(u64{start} + (1U << FrameSection::SHIFT), align_up(u64{range.end}, CHUNK));
            FrameSection& section = sections[i];
            section.first = section.end == 0 ? first : std::min(section.first, first);
            section.end = std::max(section.end, static_cast<u32>(std::min<u64>(end, UINT32_MAX)));
        }
    }
    for (u32 i = 0; i < count; ++i) {
        FrameSection& section = sections[i];
        if (section.end == 0) continue;
        const u64 address = TRY(carve(state, u64{section.end - section.first} * sizeof(FrameRecord)));
        // SAFETY: an address is computed; record_of adds at least `first` records to it again.
        section.records = reinterpret_cast<u64>(direct_map(PhysicalAddress(address))) -
                          u64{section.first} * sizeof(FrameRecord);
    }
    frame_sections = sections;
    frame_section_count = count;
    return {};
}

Result<> BuddyAllocator::initialise(std::span<const boot::PhysicalRange> free,
                                    std::span<const boot::PhysicalRange> reserved) {
    auto state = state_.lock();
    *state = State();
    for (const boot::PhysicalRange& range : free) TRY(subtract_reserved(*state, range, reserved));
    if (state->fresh.is_empty()) return Error::OutOfMemory;
    TRY(place_sections(*state));
    if (state->fresh_frames == 0) return Error::OutOfMemory;
    // The last range is handed out first. It is the lowest: start-up code can count on seeing the first few GiB only.
    std::sort(state->fresh.begin(), state->fresh.end(),
              [](const FreshRange& a, const FreshRange& b) { return a.next > b.next; });
    total_frames_.store(state->fresh_frames, std::memory_order_relaxed);
    for (u32 cpu = 0; cpu < arch::MAX_CPUS; ++cpu) {
        stocks_.of(cpu).count.store(0, std::memory_order_relaxed);
        stocks_.of(cpu).zeroed_count.store(0, std::memory_order_relaxed);
    }
    return {};
}

}  // namespace exo::memory
