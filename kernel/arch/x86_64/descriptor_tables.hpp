// GDT, TSS and IDT: how the CPU finds segments, stacks and handlers (Intel SDM vol. 3, 3.4, 6.10, 8.7).
#pragma once

#include <array>

#include "arch/interface.hpp"

namespace exo::arch {

// Linux's selectors: programs see them in signal frames.
inline constexpr u16 KERNEL_CS = 0x10;
inline constexpr u16 KERNEL_SS = 0x18;
inline constexpr u16 USER_SS = 0x2b;
inline constexpr u16 USER_CS = 0x33;

/// #DB, NMI, #DF and #MC have stacks of their own.
inline constexpr u32 IST_STACKS = 4;
/// The pages below them, of the first CPU.
std::array<u64, IST_STACKS> ist_guards();

/// Loads this CPU's tables and points %gs at its CpuLocal. `cpu` lives for ever.
void load_descriptor_tables(CpuLocal& cpu);

}  // namespace exo::arch
