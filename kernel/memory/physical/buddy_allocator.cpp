#include "memory/physical/buddy_allocator.hpp"

#include <algorithm>
#include <bit>

#include "arch/pages.hpp"
#include "memory/fault_injection.hpp"
#include "memory/layout.hpp"
#include "memory/physical/frame_ref.hpp"
#include "memory/physical/frame_section.hpp"

namespace exo::memory {

constinit BuddyAllocator frames;

/// Frees the memory in KASAN's quarantines.
bool BuddyAllocator::release_quarantines() {
    return kasan::release_heap_quarantine() || release_quarantine();
}

bool BuddyAllocator::reclaim(usize frames_wanted) {
    // acquire: pairs with set_reclaim_hook
    const ReclaimHook hook = reclaim_hook_.load(std::memory_order_acquire);
    return hook != nullptr && hook(frames_wanted) != 0;
}

Result<PhysicalAddress> BuddyAllocator::alloc_frame(Shortage shortage) {
    if (fails_on_purpose()) return Error::OutOfMemory;
    u32 frame;
    while ((frame = try_alloc_frame()) == 0) [[unlikely]] {
        if (!release_quarantines() && (shortage == Shortage::Fails || !reclaim(1))) return Error::OutOfMemory;
    }
    return PhysicalAddress::of_frame(frame);
}

Result<PhysicalAddress> BuddyAllocator::alloc_zeroed_frame(Shortage shortage) {
    if (fails_on_purpose()) return Error::OutOfMemory;
    {
        const sync::InterruptsOff guard;
        const u32 frame = take_zeroed(stocks_.mine());
        if (frame != 0) {
            start_frame(frame);
            return PhysicalAddress::of_frame(frame);
        }
    }
    const PhysicalAddress frame = TRY(alloc_frame(shortage));
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
    if (fails_on_purpose()) return Error::OutOfMemory;
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
                kasan::frames_allocated(head, count);
                return PhysicalAddress::of_frame(head);
            }
        }
        if (!is_drained) {
            // Frames of our own stock may be what keeps a large block from merging.
            drain_stock();
            is_drained = true;
        } else if (!release_quarantines()) {
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
    kasan::frames_freed(static_cast<u32>(address.frame_number()), count);
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
        kasan::frames_freed(static_cast<u32>(frame), piece_end - frame);
        free_range(*state, static_cast<u32>(frame), static_cast<u32>(piece_end - frame));
        frame = piece_end;
    }
    total_frames_.fetch_add(end - first, std::memory_order_relaxed);
    return {};
}

BuddyStats BuddyAllocator::get_stats() {
    BuddyStats stats;
    // Without this, memory in the quarantine would make the counts vary.
    (void)kasan::release_heap_quarantine();
    (void)release_quarantine();
    for (u32 cpu = 0; cpu < arch::MAX_CPUS; ++cpu)
        stats.stocked_frames += stocks_.of(cpu).count.load(std::memory_order_relaxed) +
                                stocks_.of(cpu).zeroed_count.load(std::memory_order_relaxed);
    auto state = state_.lock();
    stats.total_frames = total_frames();
    stats.fresh_frames = state->fresh_frames;
    stats.record_frames = state->record_frames;
    stats.free_blocks = state->blocks;
    stats.free_frames = state->listed_frames + state->fresh_frames + stats.stocked_frames;
    return stats;
}

// ---- Frames with references.

/// Out of line, because most references that end are not the last, and end in loops that need the registers.
[[gnu::noinline]] static void free_unused(u32 frame) { frames.put_frame(frame); }

void release_frame(u32 frame) {
    if (record_of(frame).release()) free_unused(frame);
}

void release_mapped_frames(std::span<const u32> mapped) {
    [[clang::uninitialized]] u32 last[32];
    u32 count = 0;
    FrameRecords records;
    for (const u32 frame : mapped) {
        if (!records[frame].release_mapped()) continue;
        last[count++] = frame;
        if (count == std::size(last)) {
            frames.put_frames({last, count});
            count = 0;
        }
    }
    frames.put_frames({last, count});
}

Result<FrameRef> FrameRef::allocate() { return adopt(TRY(frames.alloc_frame(Shortage::Reclaims))); }

Result<FrameRef> FrameRef::allocate_zeroed() { return adopt(TRY(frames.alloc_zeroed_frame(Shortage::Reclaims))); }

}  // namespace exo::memory
