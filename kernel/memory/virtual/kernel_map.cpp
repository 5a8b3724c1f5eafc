#include "memory/virtual/kernel_map.hpp"

#include <algorithm>

#include "memory/virtual/shadow_map.hpp"

namespace exo::memory {

namespace {

struct State {
    u64 device_used = 0;  ///< Bytes of the device slot that have been given out.
};
constinit sync::SpinLocked<State, sync::LockRank::KernelMap, sync::IrqOff> kernel_map;

}  // namespace

Result<> initialise_kernel_map(std::span<const KernelMapping> mappings) {
    auto state = kernel_map.lock();
    state->device_used = 0;
    kasan::SlotList slots;
    TRY(slots.push(layout.kernel_stacks));
    TRY(slots.push(layout.device_map));
    for (const KernelMapping& mapping : mappings) {
        for (u64 at = mapping.start.value(); at - mapping.start.value() < mapping.size;
             at = align_down(at, SLOT_SIZE) + SLOT_SIZE)
            if (std::ranges::find(slots, align_down(at, SLOT_SIZE)) == slots.end())
                TRY(slots.push(align_down(at, SLOT_SIZE)));
    }
    TRY(kasan::add_shadow_slots(mappings, slots));
    TRY(initialise_kernel_table(slots.span()));
    for (const KernelMapping& mapping : mappings)
        TRY(kernel_table().map_range(mapping.start, mapping.physical, mapping.size, mapping.flags));
    TRY(kasan::map_shadow(mappings));
    kernel_table().activate();
    return {};
}

Result<> map_page(VirtualAddress virtual_address, PhysicalAddress physical, PageFlags flags) {
    auto state = kernel_map.lock();
    return kernel_table().map_page(virtual_address, physical, flags);
}

Result<PhysicalAddress> unmap_page(VirtualAddress virtual_address) {
    auto state = kernel_map.lock();
    return kernel_table().unmap_page(virtual_address);
}

std::optional<PhysicalAddress> translate(VirtualAddress virtual_address) {
    auto state = kernel_map.lock();
    return kernel_table().translate(virtual_address);
}

Result<> update_flags(VirtualAddress virtual_address, PageFlags flags) {
    auto state = kernel_map.lock();
    return kernel_table().update_flags(virtual_address, flags);
}

void flush_tlb(VirtualAddress virtual_address) { kernel_table().flush_tlb(virtual_address); }

void flush_tlb_all() { kernel_table().flush_tlb_all(); }

Result<> map_kernel_range(VirtualAddress start, PhysicalAddress physical, u64 size, PageFlags flags) {
    auto state = kernel_map.lock();
    return kernel_table().map_range(start, physical, size, flags);
}

Result<> unmap_kernel_range(VirtualAddress start, u64 size) {
    auto state = kernel_map.lock();
    return kernel_table().unmap_range(start, size);
}

Result<> protect_kernel_range(VirtualAddress start, u64 size, PageFlags flags) {
    auto state = kernel_map.lock();
    return kernel_table().protect_range(start, size, flags);
}

Result<VirtualAddress> map_device(PhysicalAddress physical, u64 size) {
    const u64 offset = physical.value() & (PAGE_SIZE - 1);
    const auto length = checked_align_up(size + offset, PAGE_SIZE);
    if (size == 0 || size > SLOT_SIZE || !length) return Error::InvalidSize;
    auto state = kernel_map.lock();
    if (*length > SLOT_SIZE - state->device_used) return Error::OutOfMemory;
    const VirtualAddress start(layout.device_map + state->device_used);
    TRY(kasan::map_device_shadow(start.value(), *length));
    TRY(kernel_table().map_range(start, PhysicalAddress(physical.value() - offset), *length,
                                 PageFlags::DEVICE));
    // A page between neighbours stays unmapped: an overrun faults.
    state->device_used += *length + PAGE_SIZE;
    return start + offset;
}

}  // namespace exo::memory
