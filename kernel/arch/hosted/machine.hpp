// The inline part of the hosted implementation of arch/interface.hpp. One pthread is one CPU; CPU 0 is the
// main thread.
#pragma once

#include <sched.h>

#include <atomic>

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
extern std::atomic<u64> simulated_time;
extern std::atomic<const void*> announcements[];
/// Advances the simulated time and runs the timer interrupts that fall due.
void advance_time(u64 nanoseconds);
/// Makes the calling host thread CPU `index`. Simulated time then advances by itself only while this CPU
/// sleeps too.
void join_machine(u32 index);
}  // namespace hosted

/// The thread sanitizer's record of a kernel thread. Made at the first switch to or from the thread.
class Fibre {
  public:
    Fibre() = default;
    Fibre(const Fibre&) = delete;
    Fibre& operator=(const Fibre&) = delete;
    ~Fibre();

  private:
    friend void switch_starting(Fibre& from, Fibre& to, void* stack_bottom, usize stack_size);
    [[maybe_unused]] void* handle_ = nullptr;  // used only with the thread sanitizer
};

inline u32 cpu_index() { return hosted::this_cpu.index; }
inline void* current_thread() { return hosted::this_cpu.current_thread; }
inline void set_current_thread(void* thread) { hosted::this_cpu.current_thread = thread; }
inline void announce(const void* what) {
    hosted::announcements[cpu_index()].exchange(what, std::memory_order_seq_cst);
}
inline void withdraw_announcement() {
    hosted::announcements[cpu_index()].store(nullptr, std::memory_order_release);
}
/// Tests start CPUs themselves.
inline u32 running_cpus() { return 1; }
inline u32 announcing_cpus() { return MAX_CPUS; }
inline const void* announcement_of(u32 cpu) {
    return hosted::announcements[cpu].load(std::memory_order_seq_cst);
}
inline u64 interrupt_count(u32) { return 0; }
inline bool interrupts_enabled() { return hosted::this_cpu.interrupts_enabled; }
inline void disable_interrupts() { hosted::this_cpu.interrupts_enabled = false; }
inline void enable_interrupts() { hosted::this_cpu.interrupts_enabled = true; }
inline u8 port_read8(u16) { return 0xff; }
inline u16 port_read16(u16) { return 0xffff; }
inline u32 port_read32(u16) { return 0xffffffff; }
inline void port_write8(u16, u8) {}
inline void port_write16(u16, u16) {}
inline void port_write32(u16, u32) {}
/// The thread that it waits for may need this processor of the host.
inline void relax() { sched_yield(); }
inline void call_keeping_registers(void (*function)(void*), void* argument) { function(argument); }
/// Simulated: one cycle is one nanosecond. It advances when a test says so, or when every thread sleeps.
inline u64 cycle_counter() { return hosted::simulated_time.load(std::memory_order_relaxed); }

}  // namespace exo::arch
