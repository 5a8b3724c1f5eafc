// The kernel's own mappings, for boot, drivers and stacks. One lock guards them. The functions for single
// pages, with the specification's names, act on the kernel's page table.
#pragma once

#include "memory/virtual/page_table.hpp"

namespace exo::memory {

/// A mapping in the kernel half at boot: a section of the image, or physical memory in the direct map.
struct KernelMapping {
    VirtualAddress start;
    PhysicalAddress physical;
    u64 size = 0;
    PageFlags flags;
};

/// Builds the kernel's page table (with slots for these mappings, stacks and devices, at most eight) and
/// loads it on this CPU. Other mappings disappear then, so the list must contain the image, the running stack
/// and all RAM in the direct map.
/// Errors: OutOfMemory, Enospc (slots), and those of PageTable::map_page.
Result<> initialise_kernel_map(std::span<const KernelMapping> mappings);

/// Maps a page in the kernel's table. Errors: those of PageTable::map_page.
Result<> map_page(VirtualAddress virtual_address, PhysicalAddress physical, PageFlags flags);
/// Unmaps a page of the kernel's table and returns its physical address. Errors: those of
/// PageTable::unmap_page.
Result<PhysicalAddress> unmap_page(VirtualAddress virtual_address);
std::optional<PhysicalAddress> translate(VirtualAddress virtual_address);
/// Changes the rights of a page in the kernel's table. Errors: those of PageTable::update_flags.
Result<> update_flags(VirtualAddress virtual_address, PageFlags flags);
/// Flushes the TLB entry on all CPUs.
void flush_tlb(VirtualAddress virtual_address);
void flush_tlb_all();

/// Maps a range in the kernel's table. Errors: those of PageTable::map_range.
Result<> map_kernel_range(VirtualAddress start, PhysicalAddress physical, u64 size, PageFlags flags);
/// Unmaps a range of the kernel's table. Errors: those of PageTable::unmap_range.
Result<> unmap_kernel_range(VirtualAddress start, u64 size);
/// Changes the rights of a range in the kernel's table. Errors: those of PageTable::protect_range.
Result<> protect_kernel_range(VirtualAddress start, u64 size, PageFlags flags);

/// Maps device registers (any alignment) uncached and for ever. Returns the address of the first byte.
/// Errors: OutOfMemory, InvalidSize.
Result<VirtualAddress> map_device(PhysicalAddress physical, u64 size);

}  // namespace exo::memory
