// memory's part of the boot: from the loader's map to frames, the kernel's own page table and a heap.
#pragma once

#include "boot/boot_information.hpp"

namespace exo::memory {

/// Called once, on the start-up code's page table. `reserved` is kept away from the allocator besides the image: what
/// the loader left (modules, its structures). Errors: OutOfMemory, Einval (no usable memory).
Result<> start(const boot::MemoryMap& map, std::span<const boot::PhysicalRange> reserved);

}  // namespace exo::memory
