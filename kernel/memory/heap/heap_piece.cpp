// From any address to the piece of the heap around it: for reports of wrong accesses, and redzones.
#include "memory/heap/heap.hpp"
#include "memory/layout.hpp"
#include "memory/physical/buddy_allocator.hpp"
#include "memory/physical/frame_section.hpp"

namespace exo::memory {

HeapPiece Heap::piece_around(u64 address) {
    const u64 frame = (address - layout.direct_map) >> PAGE_SHIFT;
    if (address - layout.direct_map >= DIRECT_MAP_SIZE || !is_known(frame)) return {};
    void* owner = record_of(static_cast<u32>(frame)).owner();
    if (owner == &odd_) return odd_piece_around(address);
    const auto* slab = static_cast<const SlabCache*>(owner);
    if (slab >= slabs_.begin() && slab < slabs_.end()) {
        const u64 page = align_down(address, PAGE_SIZE);
        const u64 index = (address - page) / slab->size();
        if ((index + 1) * slab->size() > PAGE_SIZE) return {};  // what is left over behind the last object
        return {page + index * slab->size(), slab->size()};
    }
    return frame_piece_around(static_cast<u32>(frame));
}

HeapPiece Heap::odd_piece_around(u64 address) {
    for (u64 at = align_down(address, LockedHeap::UNIT);; at -= LockedHeap::UNIT) {
        if (record_of(PhysicalAddress(at - layout.direct_map)).owner() != &odd_) return {};
        if (const usize size = LockedHeap::allocated_at(at); size > address - at)
            return {at + LockedHeap::UNIT, size - LockedHeap::UNIT};
        if (address - at > MAX_ODD_SIZE + PAGE_SIZE) return {};
    }
}

HeapPiece Heap::frame_piece_around(u32 frame) {
    for (u32 head = frame; is_known(head) && frame - head < MAX_BLOCK_FRAMES; --head) {
        const FrameRecord& record = record_of(head);
        if (record.state() == FrameState::None) continue;  // inside a block
        const usize count = record.state() == FrameState::BlockHead ? record.next : 1;
        if (record.owner() != &frame_bytes_ || frame - head >= count) return {};
        return {layout.direct_map + u64{head} * PAGE_SIZE, count * PAGE_SIZE};
    }
    return {};
}

}  // namespace exo::memory
