#include "memory/virtual/kernel_stack.hpp"

#include "memory/virtual/kernel_map.hpp"
#include "utils/vector.hpp"

namespace exo::memory {

namespace {

constexpr usize STACK_FRAMES = KernelStack::SIZE / PAGE_SIZE;
constexpr u64 SLOT_COUNT = SLOT_SIZE / StackSlots::STRIDE;

/// INVARIANT: free_slots has room for every slot ever used, so that giving one back cannot fail.
struct Slots {
    u32 used = 0;
    Vector<u32> free_slots;
};
[[clang::no_destroy]] constinit sync::SpinLocked<Slots, sync::LockRank::StackSlots, sync::IrqOff> stack_slots;

Result<u32> take_slot() {
    auto slots = stack_slots.lock();
    if (!slots->free_slots.is_empty()) return slots->free_slots.take_back();
    if (slots->used == SLOT_COUNT) return Error::OutOfMemory;
    const usize needed = slots->used + 1;
    if (needed > slots->free_slots.capacity())
        TRY(slots->free_slots.reserve(std::max<usize>(needed * 2, 64)));
    return slots->used++;
}

void give_slot(u32 slot) { stack_slots.lock()->free_slots.push_within_capacity(slot); }

u64 bottom_of(u32 slot) {
    return layout.kernel_stacks + slot * StackSlots::STRIDE + (StackSlots::STRIDE - KernelStack::SIZE);
}

/// Takes the first `count` pages of a stack away again.
void unmap_frames(u64 bottom, usize count) {
    for (usize i = 0; i < count; ++i) {
        const auto frame = unmap_page(VirtualAddress(bottom + i * PAGE_SIZE));
        ASSERT(frame.has_value());
        release_frame(static_cast<u32>(frame->frame_number()));
    }
}

}  // namespace

Result<u64> StackSlots::map() {
    const u32 slot = TRY(take_slot());
    const u64 bottom = bottom_of(slot);
    for (usize i = 0; i < STACK_FRAMES; ++i) {
        auto frame = alloc_frame();
        Result<> mapped = frame ? map_page(VirtualAddress(bottom + i * PAGE_SIZE), *frame, PageFlags::KERNEL)
                                : Result<>(frame.error());
        if (mapped) continue;
        if (frame) release_frame(static_cast<u32>(frame->frame_number()));
        unmap_frames(bottom, i);
        give_slot(slot);
        return Error::OutOfMemory;
    }
    if (!kasan::map_stack_shadow(bottom, KernelStack::SIZE)) {
        unmap_frames(bottom, STACK_FRAMES);
        give_slot(slot);
        return Error::OutOfMemory;
    }
    return bottom;
}

void StackSlots::unmap(u64 bottom) {
    kasan::unmap_stack_shadow(bottom, KernelStack::SIZE);
    unmap_frames(bottom, STACK_FRAMES);
    give_slot(static_cast<u32>((bottom - layout.kernel_stacks) / STRIDE));
}

#if defined(EXO_HOSTED)

// Hosted threads run on memory of the host's; the sanitizers guard it.
namespace {
Result<u64> map_stack() {
    // SAFETY: an address is taken.
    const u64 bottom =
        reinterpret_cast<u64>(::operator new(KernelStack::SIZE, std::align_val_t{PAGE_SIZE}, std::nothrow));
    if (bottom == 0) return Error::OutOfMemory;
    return bottom;
}
void unmap_stack(u64 bottom) {
    // SAFETY: the address came from map_stack.
    ::operator delete(reinterpret_cast<void*>(bottom), std::align_val_t{PAGE_SIZE});
}
}  // namespace

#else

namespace {
Result<u64> map_stack() { return StackSlots::map(); }
void unmap_stack(u64 bottom) { StackSlots::unmap(bottom); }
}  // namespace

#endif

namespace {

struct Reserve {
    static constexpr u32 CAPACITY = 16;
    u32 count = 0;
    std::array<u64, CAPACITY> bottoms{};
};
constinit sync::SpinLocked<Reserve, sync::LockRank::StackSlots, sync::IrqOff> reserve;

u64 take_from_reserve() {
    auto kept = reserve.lock();
    return kept->count != 0 ? kept->bottoms[--kept->count] : 0;
}

bool keep_in_reserve(u64 bottom) {
    auto kept = reserve.lock();
    if (kept->count == Reserve::CAPACITY) return false;
    kept->bottoms[kept->count++] = bottom;
    return true;
}

}  // namespace

Result<KernelStack> KernelStack::create() {
    if (const u64 kept = take_from_reserve()) {
        kasan::stack_renewed(kept, SIZE);
        return KernelStack(kept);
    }
    return KernelStack(TRY(map_stack()));
}

KernelStack::~KernelStack() {
    if (bottom_ != 0 && !keep_in_reserve(bottom_)) unmap_stack(bottom_);
}

usize KernelStack::drain_reserve() {
    usize freed = 0;
    while (const u64 bottom = take_from_reserve()) {
        unmap_stack(bottom);
        freed += STACK_FRAMES;
    }
    return freed;
}

void* KernelStack::bottom() const {
    // SAFETY: the address of memory that this object owns.
    return reinterpret_cast<void*>(bottom_);
}

void* KernelStack::top() const {
    // SAFETY: as above; one past its end.
    return reinterpret_cast<void*>(bottom_ + SIZE);
}

}  // namespace exo::memory
