// The kernel's own mappings, behind one lock: what boot, drivers and stacks use. The specification's names for single
// pages act on the kernel's table.
#pragma once

#include "memory/virtual/page_table.hpp"

namespace exo::memory {

/// A piece of the kernel half at start-up: the image's sections, physical memory in the direct map.
struct KernelMapping {
    VirtualAddress start;
    PhysicalAddress physical;
    u64 size = 0;
    PageFlags flags;
};

/// Builds the kernel's table (with slots for these mappings, stacks and devices, eight at most) and loads it on this CPU.
/// What is not listed is gone then: the list holds at least the image, the running stack and all RAM in the direct map.
/// Errors: OutOfMemory, Enospc (slots), and those of PageTable::map_page.
Result<> initialise_kernel_map(std::span<const KernelMapping> mappings);

/// On the kernel's table. Errors: PageTable::map_page.
Result<> map_page(VirtualAddress virtual_address, PhysicalAddress physical, PageFlags flags);
/// The physical address that was mapped. Errors: PageTable::unmap_page.
Result<PhysicalAddress> unmap_page(VirtualAddress virtual_address);
std::optional<PhysicalAddress> translate(VirtualAddress virtual_address);
/// Errors: PageTable::update_flags.
Result<> update_flags(VirtualAddress virtual_address, PageFlags flags);
/// On all CPUs.
void flush_tlb(VirtualAddress virtual_address);
void flush_tlb_all();

/// Errors: PageTable::map_range.
Result<> map_kernel_range(VirtualAddress start, PhysicalAddress physical, u64 size, PageFlags flags);
/// Errors: PageTable::unmap_range.
Result<> unmap_kernel_range(VirtualAddress start, u64 size);
/// Errors: PageTable::protect_range.
Result<> protect_kernel_range(VirtualAddress start, u64 size, PageFlags flags);

/// Maps device registers (any alignment) uncached and for ever; where the first byte is. Errors: OutOfMemory, InvalidSize.
Result<VirtualAddress> map_device(PhysicalAddress physical, u64 size);

}  // namespace exo::memory
