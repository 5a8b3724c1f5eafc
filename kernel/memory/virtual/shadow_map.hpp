// KASAN's shadow in the kernel's page table. kernel_map.cpp, which builds the table, uses it.
#pragma once

#include <algorithm>

#include "memory/virtual/kernel_map.hpp"
#include "memory/virtual/kernel_stack.hpp"
#include "utils/fixed_vector.hpp"
#include "utils/kasan.hpp"

namespace exo::kasan {

using SlotList = FixedVector<u64, 8>;

#if defined(EXO_KASAN)
/// Adds the 512 GiB slots that the shadow needs. Errors: Enospc.
Result<> add_shadow_slots(std::span<const memory::KernelMapping> mappings, SlotList& slots);
/// Allocates and maps the shadow of RAM, which takes an eighth of RAM, and of the image. Call before the
/// table is loaded. Errors: OutOfMemory.
Result<> map_shadow(std::span<const memory::KernelMapping> mappings);
/// Call once the table is loaded: poisons all free memory, and from now on all memory that is freed.
void start();
#else
inline Result<> add_shadow_slots(std::span<const memory::KernelMapping>, SlotList&) { return {}; }
inline Result<> map_shadow(std::span<const memory::KernelMapping>) { return {}; }
inline void start() {}
#endif

}  // namespace exo::kasan
