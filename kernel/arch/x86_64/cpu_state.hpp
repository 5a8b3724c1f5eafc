// The table of CPU state: every control register, model-specific register and descriptor that user mode can reach, or that
// decides what user mode can reach. Each has some value after reset (Intel SDM vol. 3, 10.1.1) or whatever firmware left; the
// table says which value this kernel wants instead, and who sets it. A test in the kernel reads each back
// (tests/kernel/cpu_tests.cpp). What belongs to a thread (FPU registers, bases, selectors) is switched by scheduler.
#pragma once

#include <span>
#include <string_view>

#include "utils/types.hpp"

namespace exo::arch {

struct CpuStateItem {
    std::string_view name;
    std::string_view
        manual;  ///< The section that describes it, of Intel SDM vol. 3 unless it says otherwise.
    std::string_view set_by;  ///< The function or file that gives it its value.
    bool (*exists)();         ///< Null: on every CPU.
    u64 (*wanted)();
    u64 (*read)();
};

std::span<const CpuStateItem> cpu_state();

/// Sets the items whose `set_by` is set_cpu_state. On each CPU, after enable_cpu_features and load_descriptor_tables.
void set_cpu_state();

}  // namespace exo::arch
