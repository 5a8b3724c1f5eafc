// Shadow for memory, in the kernel's own page table.
#if defined(EXO_KASAN)

#include "memory/virtual/shadow_map.hpp"

#include "arch/pages.hpp"
#include "memory/kasan/shadow.hpp"
#include "memory/physical/buddy_allocator.hpp"

namespace exo::kasan {

using memory::kernel_table;
using memory::PageFlags;
using memory::PageSize;
using memory::PhysicalAddress;
using memory::VirtualAddress;

constinit bool is_ready = false;

namespace {

struct ShadowRange {
    u64 start;
    u64 end;
    ShadowRange(u64 address, u64 size)
        : start(align_down(shadow_address(address), PAGE_SIZE)),
          end(align_up(shadow_address(address + size), PAGE_SIZE)) {}
};

bool is_mapped(u64 address) { return !kernel_table().lookup(VirtualAddress(address)).is_empty(); }

Result<PhysicalAddress> cleared_frames(usize count) {
    const PhysicalAddress frames = TRY(memory::alloc_contiguous(count));
    arch::clear_words(memory::direct_map(frames), count * PAGE_SIZE / sizeof(u64));
    return frames;
}

/// The largest pages that there is memory for.
Result<u64> back(u64 at, u64 end) {
    constexpr u64 LARGE = bytes_of(PageSize::Size2M);
    if (is_aligned(at, LARGE) && end - at >= LARGE) {
        const auto frames = cleared_frames(LARGE / PAGE_SIZE);
        if (frames &&
            kernel_table().map_page(VirtualAddress(at), *frames, PageFlags::KERNEL, PageSize::Size2M))
            return LARGE;
        if (frames) TRY(memory::free_contiguous(*frames, LARGE / PAGE_SIZE));
    }
    // Another piece of RAM nearby may share the page.
    if (!is_mapped(at))
        TRY(kernel_table().map_page(VirtualAddress(at), TRY(cleared_frames(1)), PageFlags::KERNEL));
    return PAGE_SIZE;
}

Result<> map_ram_shadow(ShadowRange range) {
    for (u64 at = range.start; at < range.end;) at += TRY(back(at, range.end));
    return {};
}

/// The image's shadow is part of the image.
Result<> map_image_shadow() {
    const u64 physical = address_of(exo_kasan_image_shadow) - memory::layout.text;
    return kernel_table().map_range(VirtualAddress(shadow_address(memory::layout.text)),
                                    PhysicalAddress(physical), sizeof(exo_kasan_image_shadow),
                                    PageFlags::KERNEL);
}

bool is_direct(const memory::KernelMapping& mapping) {
    return mapping.start.value() - memory::layout.direct_map < memory::DIRECT_MAP_SIZE;
}

}  // namespace

Result<> add_shadow_slots(std::span<const memory::KernelMapping> mappings, SlotList& slots) {
    const auto add = [&](u64 start, u64 size) -> Result<> {
        const ShadowRange shadow(start, size);
        for (u64 slot = align_down(shadow.start, memory::SLOT_SIZE); slot < shadow.end;
             slot += memory::SLOT_SIZE)
            if (std::ranges::find(slots, slot) == slots.end()) TRY(slots.push(slot));
        return {};
    };
    for (const memory::KernelMapping& mapping : mappings) TRY(add(mapping.start.value(), mapping.size));
    TRY(add(memory::layout.kernel_stacks, memory::SLOT_SIZE));
    return add(memory::layout.device_map, memory::SLOT_SIZE);
}

Result<> map_shadow(std::span<const memory::KernelMapping> mappings) {
    for (const memory::KernelMapping& mapping : mappings) {
        if (is_direct(mapping)) TRY(map_ram_shadow({mapping.start.value(), mapping.size}));
        ASSERT(is_direct(mapping) ||
               mapping.start.value() + mapping.size <= memory::layout.text + IMAGE_SPAN);
    }
    return map_image_shadow();
}

// ---- Stacks and devices.

Result<> map_stack_shadow(u64 bottom, usize size) {
    static_assert(memory::KernelStack::SIZE / GRANULE == PAGE_SIZE,
                  "a stack has one page of shadow, its own");
    ASSERT(is_aligned(bottom, size) && size == memory::KernelStack::SIZE);
    const PhysicalAddress frame = TRY(memory::alloc_zeroed_frame());
    const Result<> mapped =
        memory::map_page(VirtualAddress(shadow_address(bottom)), frame, PageFlags::KERNEL);
    if (!mapped) memory::release_frame(static_cast<u32>(frame.frame_number()));
    return mapped;
}

void unmap_stack_shadow(u64 bottom, usize) {
    const auto frame = memory::unmap_page(VirtualAddress(shadow_address(bottom)));
    ASSERT(frame.has_value());
    memory::release_frame(static_cast<u32>(frame->frame_number()));
}

void stack_renewed(u64 bottom, usize size) { unpoison(bottom, size); }

/// Registers have no redzones: all of them share the page of zeros.
Result<> map_device_shadow(u64 start, u64 size) {
    const ShadowRange range(start, size);
    const PhysicalAddress zeros(address_of(exo_kasan_zero_page) - memory::layout.text);
    for (u64 at = range.start; at < range.end; at += PAGE_SIZE)
        if (!is_mapped(at)) TRY(kernel_table().map_page(VirtualAddress(at), zeros, PageFlags::READONLY));
    return {};
}

}  // namespace exo::kasan

#endif
