// PerCpu<T>: one T for each CPU, each on cache lines of its own.
//
// A thread can migrate only where it gives up the CPU, and kernel code is not preempted. So `mine()` stays
// valid until the next call that may sleep. Data that interrupt handlers also use needs interrupts off.
#pragma once

#include "arch/interface.hpp"
#include "utils/assert.hpp"

namespace exo::sync {

template <class T> class PerCpu {
  public:
    constexpr PerCpu() = default;
    T& mine() { return slots_[arch::cpu_index()].value; }
    T& of(u32 cpu) {
        ASSERT(cpu < arch::MAX_CPUS);
        return slots_[cpu].value;
    }

  private:
    struct alignas(arch::CACHE_LINE) alignas(T) Slot {
        T value{};
    };
    Slot slots_[arch::MAX_CPUS]{};
};

}  // namespace exo::sync
