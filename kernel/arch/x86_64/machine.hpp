// The inline part of the x86-64 implementation of arch/interface.hpp.
#pragma once

#include <atomic>
#include <cstddef>

#include "arch/x86_64/ports.hpp"
#include "utils/types.hpp"

namespace exo::arch {

/// The task-state segment (Intel SDM vol. 3, 8.7): the stacks to which the CPU switches by itself.
struct [[gnu::packed]] TaskState {
    u32 reserved0;
    u64 rsp[3];  ///< Index: the privilege level that the CPU enters.
    u64 reserved1;
    u64 ist[7];
    u64 reserved2;
    u16 reserved3;
    u16 io_map_base;
};
static_assert(sizeof(TaskState) == 104);

/// The object that %gs points to in kernel mode: one for each CPU, never moved. The entry code uses the
/// offsets asserted below.
struct alignas(CACHE_LINE) CpuLocal {
    CpuLocal* self = nullptr;
    void* current_thread = nullptr;
    u64 kernel_stack_top = 0;  ///< The stack that SYSCALL switches to.
    u64 user_rsp_scratch = 0;  ///< Holds the user's stack pointer during the first instructions of SYSCALL.
    u32 index = 0;
    u32 apic_id = 0;
    u64 address_space = 0;  ///< The value of CR3.
    std::atomic<const void*> announcement{nullptr};
    std::atomic<u64> interrupts{0};  ///< Only this CPU changes it, with interrupts off.
    static constexpr usize GDT_ENTRIES = 10;
    u64 gdt[GDT_ENTRIES]{};  ///< The segments, which differ in the task state's address alone.
    TaskState task_state{};
};
static_assert(__builtin_offsetof(CpuLocal, current_thread) == 8);
static_assert(__builtin_offsetof(CpuLocal, kernel_stack_top) == 16);
static_assert(__builtin_offsetof(CpuLocal, user_rsp_scratch) == 24);

/// Empty: on x86-64 a thread has no state besides its context.
struct Fibre {};

inline CpuLocal& this_cpu() {
    CpuLocal* cpu;
    asm volatile("mov %%gs:0, %0" : "=r"(cpu));
    return *cpu;
}
// volatile: a thread may have moved to another CPU since the last reading.
inline u32 cpu_index() {
    u64 index;
    asm volatile("mov %%gs:%c1, %k0" : "=r"(index) : "i"(offsetof(CpuLocal, index)));
    return static_cast<u32>(index);
}
inline void* current_thread() {
    void* thread;
    asm volatile("mov %%gs:8, %0" : "=r"(thread));
    return thread;
}
inline void set_current_thread(void* thread) { asm volatile("mov %0, %%gs:8" : : "r"(thread) : "memory"); }

/// The CPUs that have entered the kernel. Their numbers have no gaps.
struct CpuList {
    std::atomic<u32> count{0};
    std::atomic<CpuLocal*> members[MAX_CPUS]{};
};
inline constinit CpuList cpu_list;

// One instruction each, without a register for the address, because every descriptor lookup of a thread
// executes both.
inline void announce(const void* what) {
    // An exchange with memory is a full barrier: seq_cst.
    asm volatile("xchg %0, %%gs:%c1" : "+r"(what) : "i"(offsetof(CpuLocal, announcement)) : "memory");
}
inline void withdraw_announcement() {
    // Every store of this processor is a release.
    asm volatile("movq $0, %%gs:%c0" : : "i"(offsetof(CpuLocal, announcement)) : "memory");
}
inline u32 running_cpus() { return cpu_list.count.load(std::memory_order_seq_cst); }
inline u32 announcing_cpus() { return running_cpus(); }
inline const void* announcement_of(u32 cpu) {
    return cpu_list.members[cpu]
        .load(std::memory_order_acquire)
        ->announcement.load(std::memory_order_seq_cst);
}

inline u64 interrupt_count(u32 cpu) {
    return cpu_list.members[cpu].load(std::memory_order_acquire)->interrupts.load(std::memory_order_relaxed);
}
inline void count_interrupt() {
    std::atomic<u64>& count = this_cpu().interrupts;
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

inline bool interrupts_enabled() {
    u64 flags;
    asm volatile("pushfq; pop %0" : "=r"(flags) : : "memory");
    return (flags & 0x200) != 0;
}
inline void disable_interrupts() { asm volatile("cli" : : : "memory"); }
inline void enable_interrupts() { asm volatile("sti" : : : "memory"); }
// entry.S keeps all registers of both.
inline void relax() { asm volatile("call exo_wait_a_turn" : : : "memory", "cc"); }
inline void call_keeping_registers(void (*function)(void*), void* argument) {
    asm volatile("call exo_call_keeping_registers" : : "a"(function), "D"(argument) : "memory", "cc");
}
inline u64 cycle_counter() {
    u32 low;
    u32 high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return static_cast<u64>(high) << 32 | low;
}

}  // namespace exo::arch
