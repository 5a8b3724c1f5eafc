// The x86-64 home's inline part: see arch/interface.hpp.
#pragma once

#include "arch/x86_64/ports.hpp"
#include "utils/types.hpp"

namespace exo::arch {

/// What %gs points to in kernel mode: one a CPU, never moved. The entry code uses the offsets asserted below.
struct CpuLocal {
    CpuLocal* self = nullptr;
    void* current_thread = nullptr;
    u64 kernel_stack_top = 0;  ///< Where SYSCALL continues.
    u64 user_rsp_scratch = 0;  ///< The user's stack pointer during the first instructions of SYSCALL.
    u32 index = 0;
    u32 apic_id = 0;
    u64 address_space = 0;  ///< What CR3 holds.
};
static_assert(__builtin_offsetof(CpuLocal, current_thread) == 8);
static_assert(__builtin_offsetof(CpuLocal, kernel_stack_top) == 16);
static_assert(__builtin_offsetof(CpuLocal, user_rsp_scratch) == 24);

/// The processor keeps nothing of a thread that is not in its context.
struct Fibre {};

inline CpuLocal& this_cpu() {
    CpuLocal* cpu;
    asm("mov %%gs:0, %0" : "=r"(cpu));
    return *cpu;
}
inline u32 cpu_index() { return this_cpu().index; }
inline void* current_thread() {
    void* thread;
    asm volatile("mov %%gs:8, %0" : "=r"(thread));
    return thread;
}
inline void set_current_thread(void* thread) { asm volatile("mov %0, %%gs:8" : : "r"(thread) : "memory"); }
inline bool interrupts_enabled() {
    u64 flags;
    asm volatile("pushfq; pop %0" : "=r"(flags) : : "memory");
    return (flags & 0x200) != 0;
}
inline void disable_interrupts() { asm volatile("cli" : : : "memory"); }
inline void enable_interrupts() { asm volatile("sti" : : : "memory"); }
inline void relax() { asm volatile("pause"); }
inline u64 cycle_counter() {
    u32 low;
    u32 high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return static_cast<u64>(high) << 32 | low;
}

}  // namespace exo::arch
