// Shadow in the kernel's page table, for kernel_map.cpp, which builds the table.
#pragma once

#include <algorithm>

#include "memory/virtual/kernel_map.hpp"
#include "memory/virtual/kernel_stack.hpp"
#include "utils/fixed_vector.hpp"
#include "utils/kasan.hpp"

namespace exo::kasan {

using SlotList = FixedVector<u64, 8>;

#if defined(EXO_KASAN)
/// The 512 GiB slots in which shadow will lie. Errors: Enospc.
Result<> add_shadow_slots(std::span<const memory::KernelMapping> mappings, SlotList& slots);
/// Frames for the shadow of RAM, an eighth of it; the image's own. Before the table is loaded. Errors: OutOfMemory.
Result<> map_shadow(std::span<const memory::KernelMapping> mappings);
/// Once the table is loaded: what is free is poisoned, and from here on what is freed.
void start();
#else
inline Result<> add_shadow_slots(std::span<const memory::KernelMapping>, SlotList&) { return {}; }
inline Result<> map_shadow(std::span<const memory::KernelMapping>) { return {}; }
inline void start() {}
#endif

}  // namespace exo::kasan
