// memory's part of the boot: it makes the frame allocator, the kernel's page table and the heap from the
// loader's map.
#pragma once

#include "boot/boot_information.hpp"

namespace exo::memory {

/// Called once, on the page table of the start-up code. The allocator does not use the image and `reserved`,
/// which is what the loader left (modules, its structures). Errors: OutOfMemory, Einval (no usable memory).
Result<> start(const boot::MemoryMap& map, std::span<const boot::PhysicalRange> reserved);

}  // namespace exo::memory
