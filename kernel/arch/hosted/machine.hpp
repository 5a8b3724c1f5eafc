// The hosted home's inline part: see arch/interface.hpp. One pthread is one CPU; cpu 0 is the main thread.
#pragma once

#include <x86intrin.h>

#include "utils/types.hpp"

namespace exo::arch {

namespace hosted {
struct Cpu {
    u32 index = 0;
    void* current_thread = nullptr;
    bool interrupts_enabled = true;
    u64 address_space = 0;
};
extern thread_local Cpu this_cpu;
}  // namespace hosted

inline u32 cpu_index() { return hosted::this_cpu.index; }
inline void* current_thread() { return hosted::this_cpu.current_thread; }
inline void set_current_thread(void* thread) { hosted::this_cpu.current_thread = thread; }
inline bool interrupts_enabled() { return hosted::this_cpu.interrupts_enabled; }
inline void disable_interrupts() { hosted::this_cpu.interrupts_enabled = false; }
inline void enable_interrupts() { hosted::this_cpu.interrupts_enabled = true; }
inline void relax() { _mm_pause(); }
inline u64 cycle_counter() { return __rdtsc(); }

}  // namespace exo::arch
