// Frames: usable while they are handed out.
#if defined(EXO_KASAN)

#include "memory/kasan/guarded_heap.hpp"
#include "memory/kasan/shadow.hpp"
#include "memory/physical/buddy_allocator.hpp"
#include "memory/virtual/shadow_map.hpp"

namespace exo::kasan {

namespace {
u64 address_of_frame(u32 frame) { return memory::layout.direct_map + u64{frame} * PAGE_SIZE; }
}  // namespace

void frames_allocated(u32 first, usize count) {
    if (is_ready) unpoison(address_of_frame(first), count * PAGE_SIZE);
}

void frames_freed(u32 first, usize count) {
    if (is_ready) poison(address_of_frame(first), count * PAGE_SIZE, Poison::FreeFrame);
}

void heap_grew(void* memory, usize size) { poison(address_of(memory), size, Poison::HeapUnused); }

void heap_keeps(void* memory, usize size) { unpoison(address_of(memory), size); }

void start() {
    is_ready = true;
    memory::frames.for_each_free(&frames_freed);
    guarded_heap.set_quarantine_limit(memory::frames.total_frames() * PAGE_SIZE / 64);
}

}  // namespace exo::kasan

#endif
