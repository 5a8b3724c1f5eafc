// Reads the CPU's task state segment through the CPU's own tables (Intel SDM vol. 3, 8.2.3 and 8.7).
#pragma once

#include "utils/types.hpp"

namespace exo::kernel_test {

struct [[gnu::packed]] TaskState {
    u32 reserved0;
    u64 rsp[3];
    u64 reserved1;
    u64 ist[7];
    u64 reserved2;
    u16 reserved3;
    u16 io_map_base;
};

struct LoadedTaskState {
    const TaskState* address;
    u64 limit;
};

inline LoadedTaskState loaded_task_state() {
    struct [[gnu::packed]] {
        u16 limit;
        u64 base;
    } gdt{};
    u16 selector = 0;
    asm volatile("sgdt %0; str %1" : "=m"(gdt), "=r"(selector));
    // SAFETY: the CPU's own tables; a descriptor of a TSS has 16 bytes.
    const auto* descriptor = reinterpret_cast<const u64*>(gdt.base + selector);
    const u64 base = (descriptor[0] >> 16 & 0xffffff) | (descriptor[0] >> 56) << 24 | descriptor[1] << 32;
    return {reinterpret_cast<const TaskState*>(base), descriptor[0] & 0xffff};
}

inline const TaskState& task_state() { return *loaded_task_state().address; }

}  // namespace exo::kernel_test
