// Which frames have a record. The parts of the frame allocator share these functions.
#pragma once

#include "arch/pages.hpp"
#include "memory/physical/frame_record.hpp"
#include "utils/bits.hpp"

namespace exo::memory {

inline constexpr u64 CHUNK_FRAMES = 1ULL << FrameSection::CHUNK_SHIFT;

/// Whether the allocator manages the frame and its record has been written.
inline bool is_known(u64 frame) {
    const u64 section_index = frame >> FrameSection::SHIFT;
    if (section_index >= frame_section_count) return false;
    const FrameSection& section = frame_sections[section_index];
    if (frame < section.first || frame >= section.end) return false;
    const u64 chunk = frame >> FrameSection::CHUNK_SHIFT & (FrameSection::CHUNKS - 1);
    // acquire: pairs with the release in see_chunk; the records are written before
    return (section.seen[chunk / 64].load(std::memory_order_acquire) >> chunk % 64 & 1) != 0;
}

/// Writes the records of the chunk that contains `frame`, if they are not written yet. Requires the
/// allocator's lock.
inline void see_chunk(u32 frame) {
    if (is_known(frame)) return;
    FrameSection& section = frame_sections[frame >> FrameSection::SHIFT];
    const u32 first = align_down(frame, static_cast<u32>(CHUNK_FRAMES));
    arch::clear_words(&record_of(first), CHUNK_FRAMES * sizeof(FrameRecord) / sizeof(u64));
    const u32 chunk = frame >> FrameSection::CHUNK_SHIFT & (FrameSection::CHUNKS - 1);
    // Only the holder of the lock writes. release: publishes the records.
    const u64 word = section.seen[chunk / 64].load(std::memory_order_relaxed);
    section.seen[chunk / 64].store(word | 1ULL << chunk % 64, std::memory_order_release);
}

}  // namespace exo::memory
