// GDT, TSS and IDT: the CPU's tables of segments, stacks and handlers (Intel SDM vol. 3, 3.4, 6.10, 8.7).
#pragma once

#include <array>

#include "arch/interface.hpp"

namespace exo::arch {

// Linux's selectors, because programs see them in signal frames.
inline constexpr u16 KERNEL_CS = 0x10;
inline constexpr u16 KERNEL_SS = 0x18;
inline constexpr u16 USER_CS_32 = user_selector::CODE_32;
inline constexpr u16 USER_SS = user_selector::DATA;
inline constexpr u16 USER_CS = user_selector::CODE;

/// #DB, NMI, #DF and #MC have stacks of their own.
inline constexpr u32 IST_STACKS = OWN_STACKS;
/// The guard pages below these stacks of the first CPU.
std::array<u64, IST_STACKS> ist_guards();

OwnStacks first_own_stacks();

/// Loads this CPU's tables and sets %gs to its CpuLocal, `cpu`. `tops`: the ends of the stacks for #DB, NMI, #DF and #MC.
void load_descriptor_tables(CpuLocal& cpu, const OwnStacks& tops);

/// Reads the CPU's own table registers and tables, for the checks in cpu_state.cpp.
namespace descriptor_state {
u64 wanted_idt_base();
u64 read_idt_base();
u64 read_idt_limit();
u64 read_user_gates();
u64 read_ist_numbers();
u64 read_ist_stacks();
u64 wanted_gdt_limit();
u64 read_gdt_limit();
u64 read_user_segments();
u64 read_ldt_selector();
u64 wanted_task_selector();
u64 read_task_selector();
u64 ports_are_closed();
}  // namespace descriptor_state

}  // namespace exo::arch
