// The table of CPU state: every control register, model-specific register and descriptor that user mode can
// access, or that decides what user mode can access. After reset (Intel SDM vol. 3, 10.1.1) or after the
// firmware each has some value; the table says which value this kernel requires, and which function sets it.
// A test in the kernel reads each one back (tests/kernel/cpu_tests.cpp). State that belongs to a thread (FPU
// registers, bases, selectors) is switched by scheduler.
#pragma once

#include <span>
#include <string_view>

#include "utils/types.hpp"

namespace exo::arch {

struct CpuStateItem {
    std::string_view name;
    std::string_view
        manual;  ///< The section of the manual that describes it: Intel SDM vol. 3 unless another is named.
    std::string_view set_by;  ///< The function or file that sets the value.
    bool (*exists)();         ///< Null: it exists on every CPU.
    u64 (*wanted)();
    u64 (*read)();
};

std::span<const CpuStateItem> cpu_state();

/// Sets the items whose `set_by` is set_cpu_state. Called on each CPU, after enable_cpu_features and
/// load_descriptor_tables.
void set_cpu_state();

}  // namespace exo::arch
