// The control registers and model-specific registers after the boot.
#include "arch/x86_64/cpu_features.hpp"
#include "arch/x86_64/cpu_state.hpp"
#include "arch/x86_64/descriptor_tables.hpp"
#include "kernel_test.hpp"

namespace exo::kernel_test {

namespace {

/// Every item of the table, found as user mode would find it.
void cpu_state_is_as_the_table_says() {
    for (const arch::CpuStateItem& item : arch::cpu_state()) {
        if (item.exists != nullptr && !item.exists()) continue;
        if (item.read() != item.wanted())
            fail("{} is {:x}, not {:x} ({} sets it)", item.name, item.read(), item.wanted(), item.set_by);
    }
}

/// The rows that the table must contain on every CPU: the bits that protect ring 0 and the kernel's memory.
void protections_are_on() {
    constexpr u64 WP_PG = 1 << 16 | 1ULL << 31;
    constexpr u64 UMIP_FSGSBASE_OSXSAVE_SMEP_SMAP = 1 << 11 | 1 << 16 | 1 << 18 | 1 << 20 | 1 << 21;
    u64 cr0;
    u64 cr4;
    asm volatile("mov %%cr0, %0; mov %%cr4, %1" : "=r"(cr0), "=r"(cr4));
    CHECK_EQUAL(cr0 & WP_PG, WP_PG);
    CHECK_EQUAL(cr4 & UMIP_FSGSBASE_OSXSAVE_SMEP_SMAP, UMIP_FSGSBASE_OSXSAVE_SMEP_SMAP);
    // SYSCALL loads CS from bits 32-47 of STAR and SS from the next; SYSRET +16 and +8 of bits 48-63.
    const u64 star = arch::read_msr(0xc0000081);
    CHECK_EQUAL(star >> 32 & 0xffff, arch::KERNEL_CS);
    CHECK_EQUAL((star >> 32 & 0xffff) + 8, arch::KERNEL_SS);
    CHECK_EQUAL((star >> 48) + 16, arch::USER_CS);
    CHECK_EQUAL((star >> 48) + 8, arch::USER_SS);
}

constexpr Test TESTS[] = {
    {"cpu_state_is_as_the_table_says", &cpu_state_is_as_the_table_says},
    {"protections_are_on", &protections_are_on},
};

}  // namespace

std::span<const Test> cpu_tests() { return TESTS; }

}  // namespace exo::kernel_test
