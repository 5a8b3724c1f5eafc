#include "memory/heap/heap.hpp"

#include <bit>

#include "memory/layout.hpp"
#include "memory/physical/buddy_allocator.hpp"
#include "utils/bits.hpp"
#include "utils/kasan.hpp"

namespace exo::memory {

constinit Heap heap;

void Heap::initialise() {
    for (usize i = 0; i < SLAB_CLASSES; ++i) slabs_[i].set_size(SLAB_SIZES[i]);
}

// ---- Which level.

usize Heap::slab_size_for(usize size, usize alignment) {
    if (alignment <= 16) return size;
    return std::bit_ceil(size < alignment ? alignment : size);
}

/// Frames would waste more than an eighth.
bool Heap::is_odd(usize size, usize alignment) {
    if (size > MAX_ODD_SIZE || alignment > 256) return false;
    const usize waste = align_up(size, PAGE_SIZE) - size;
    return waste > size / 8;
}

void* Heap::allocate(usize size, usize alignment) {
    DEBUG_ASSERT(std::has_single_bit(alignment) && alignment <= PAGE_SIZE);
    const usize slab_size = slab_size_for(size, alignment);
    if (slab_size <= MAX_SLAB_SIZE) [[likely]]
        return allocate_small(class_of(slab_size));
    if (is_odd(size, alignment)) return allocate_odd(size, alignment);
    return allocate_frames(size);
}

void Heap::deallocate(void* pointer, usize size, usize alignment) {
    if (pointer == nullptr) return;
    const usize slab_size = slab_size_for(size, alignment);
    if (slab_size <= MAX_SLAB_SIZE) [[likely]] {
        DEBUG_ASSERT(record_of(physical_of(pointer)).owner() == &slabs_[class_of(slab_size)]);
        return deallocate_small(class_of(slab_size), pointer);
    }
    if (is_odd(size, alignment)) return deallocate_odd(pointer);
    deallocate_frames(pointer);
}

void Heap::deallocate(void* pointer) {
    if (pointer == nullptr) return;
    void* owner = record_of(physical_of(pointer)).owner();
    if (owner == &odd_) return deallocate_odd(pointer);
    if (owner == &frame_bytes_) return deallocate_frames(pointer);
    const auto* slab = static_cast<SlabCache*>(owner);
    ASSERT(slab >= slabs_.begin() && slab < slabs_.end() && "heap: the pointer was not allocated here");
    deallocate_small(static_cast<usize>(slab - slabs_.begin()), pointer);
}

// ---- Slabs behind a chain a CPU.

void* Heap::allocate_small(usize size_class) {
    {
        const sync::InterruptsOff guard;
        Chain& chain = caches_.mine().chains[size_class];
        FreeObject* object = chain.first;
        if (object != nullptr) [[likely]] {
            chain.first = object->next;
            chain.count.store(chain.count.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
            return object;
        }
    }
    return refill(size_class);
}

void* Heap::refill(usize size_class) {
    FreeObject* taken = nullptr;
    const u32 count = slabs_[size_class].take(taken, SLAB_BATCHES[size_class]);
    if (count == 0) return nullptr;
    FreeObject* object = taken;
    taken = object->next;
    const sync::InterruptsOff guard;
    // The chain may have been filled meanwhile: by an interrupt handler, or because this is another CPU now.
    Chain& chain = caches_.mine().chains[size_class];
    while (taken != nullptr) {
        FreeObject* next = taken->next;
        taken->next = chain.first;
        chain.first = taken;
        taken = next;
    }
    chain.count.store(chain.count.load(std::memory_order_relaxed) + count - 1, std::memory_order_relaxed);
    return object;
}

void Heap::deallocate_small(usize size_class, void* pointer) {
    u32 count;
    {
        const sync::InterruptsOff guard;
        Chain& chain = caches_.mine().chains[size_class];
        DEBUG_ASSERT(chain.first != pointer && "heap: freed twice");
        chain.first = new (pointer) FreeObject{chain.first};
        count = chain.count.load(std::memory_order_relaxed) + 1;
        chain.count.store(count, std::memory_order_relaxed);
    }
    if (count > 2 * SLAB_BATCHES[size_class]) [[unlikely]]
        give_back(size_class, SLAB_BATCHES[size_class]);
}

void Heap::give_back(usize size_class, u32 count) {
    FreeObject* given = nullptr;
    {
        const sync::InterruptsOff guard;
        Chain& chain = caches_.mine().chains[size_class];
        u32 moved = 0;
        for (; moved < count && chain.first != nullptr; ++moved) {
            FreeObject* object = chain.first;
            chain.first = object->next;
            object->next = given;
            given = object;
        }
        chain.count.store(chain.count.load(std::memory_order_relaxed) - moved, std::memory_order_relaxed);
    }
    slabs_[size_class].give(given);
}

// ---- The other levels.

void Heap::push(Chain& chain, void* pointer) {
    chain.first = new (pointer) FreeObject{chain.first};
    chain.count.store(chain.count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

FreeObject* Heap::pop(Chain& chain) {
    FreeObject* object = chain.first;
    if (object == nullptr) return nullptr;
    chain.first = object->next;
    chain.count.store(chain.count.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    return object;
}

namespace {

/// The class of a size above the slabs' sizes: class n holds MAX_SLAB_SIZE + n * step bytes.
constexpr usize odd_class(usize size, usize step) { return divide_round_up(size - MAX_SLAB_SIZE, step); }

}  // namespace

void* Heap::allocate_odd(usize size, usize alignment) {
    const usize odd = odd_class(size, ODD_STEP);
    if (odd >= ODD_CLASSES) return allocate_odd_anew(size, alignment);
    if (alignment <= LockedHeap::UNIT) {
        const sync::InterruptsOff guard;
        if (FreeObject* object = pop(caches_.mine().odd_chains[odd])) return object;
    }
    return allocate_odd_anew(MAX_SLAB_SIZE + odd * ODD_STEP, alignment);
}

void Heap::deallocate_odd(void* pointer) {
    const usize bytes = LockedHeap::usable_size(pointer);
    const usize odd = odd_class(bytes, ODD_STEP);
    if (odd < ODD_CLASSES && bytes == MAX_SLAB_SIZE + odd * ODD_STEP) {
        const sync::InterruptsOff guard;
        Chain& chain = caches_.mine().odd_chains[odd];
        if (chain.count.load(std::memory_order_relaxed) < KEPT_ODD) return push(chain, pointer);
    }
    odd_.deallocate(pointer);
}

void* Heap::allocate_odd_anew(usize size, usize alignment) {
    if (void* memory = odd_.allocate(size, alignment)) return memory;
    // LockedHeap::add_region is given whole blocks: room for the largest request, its header and its alignment.
    static_assert(REGION_FRAMES * PAGE_SIZE >= MAX_ODD_SIZE + 1024);
    const auto region = frames.alloc_contiguous(REGION_FRAMES);
    if (!region) return nullptr;
    for (usize i = 0; i < REGION_FRAMES; ++i) record_of(*region + i * PAGE_SIZE).set_owner(&odd_);
    kasan::heap_grew(direct_map(*region), REGION_FRAMES * PAGE_SIZE);
    if (!odd_.add_region(direct_map(*region), REGION_FRAMES * PAGE_SIZE)) return nullptr;
    return odd_.allocate(size, alignment);
}

void* Heap::allocate_frames(usize size) {
    if (size > MAX_BLOCK_FRAMES * PAGE_SIZE) return nullptr;
    const usize count = divide_round_up(size, PAGE_SIZE);
    const auto block = frames.alloc_contiguous(count);
    if (!block) return nullptr;
    record_of(*block).set_owner(&frame_bytes_);
    frame_bytes_.fetch_add(count * PAGE_SIZE, std::memory_order_relaxed);
    return direct_map(*block);
}

void Heap::deallocate_frames(void* pointer) {
    const PhysicalAddress block = physical_of(pointer);
    FrameRecord& record = record_of(block);
    ASSERT(record.owner() == &frame_bytes_ && "heap: the pointer was not allocated here");
    record.set_owner(nullptr);
    const usize count = record.state() == FrameState::BlockHead ? record.next : 1;
    const auto freed = frames.free_contiguous(block, count);
    ASSERT(freed.has_value() && "heap: freed twice");
    frame_bytes_.fetch_sub(count * PAGE_SIZE, std::memory_order_relaxed);
}

HeapStats Heap::stats() {
    HeapStats sum = odd_.stats();
    const u64 whole_frames = frame_bytes_.load(std::memory_order_relaxed);
    sum.total += whole_frames;
    sum.allocated += whole_frames;
    for (usize i = 0; i < SLAB_CLASSES; ++i) {
        const SlabCache::Stats slab = slabs_[i].stats();
        u64 cached = 0;
        for (u32 cpu = 0; cpu < arch::MAX_CPUS; ++cpu)
            cached += caches_.of(cpu).chains[i].count.load(std::memory_order_relaxed);
        sum.total += slab.slabs * PAGE_SIZE;
        sum.allocated += (slab.objects_out - cached) * SLAB_SIZES[i];
    }
    for (u32 cpu = 0; cpu < arch::MAX_CPUS; ++cpu) {
        for (usize odd = 0; odd < ODD_CLASSES; ++odd)
            sum.allocated -= u64{caches_.of(cpu).odd_chains[odd].count.load(std::memory_order_relaxed)} *
                             (MAX_SLAB_SIZE + odd * ODD_STEP + LockedHeap::UNIT);
    }
    sum.free = sum.total - sum.allocated;
    return sum;
}

void Heap::trim() {
    for (usize i = 0; i < SLAB_CLASSES; ++i) {
        give_back(i, ~0U);
        slabs_[i].trim();
    }
    for (usize odd = 0; odd < ODD_CLASSES; ++odd) {
        while (true) {
            FreeObject* object;
            {
                const sync::InterruptsOff guard;
                object = pop(caches_.mine().odd_chains[odd]);
            }
            if (object == nullptr) break;
            odd_.deallocate(object);
        }
    }
}

}  // namespace exo::memory
