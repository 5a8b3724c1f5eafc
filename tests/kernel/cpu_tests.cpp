// What the boot has left in the control registers and model-specific registers.
#include "arch/x86_64/cpu_features.hpp"
#include "arch/x86_64/descriptor_tables.hpp"
#include "kernel_test.hpp"
#include "task_state.hpp"

extern "C" void exo_syscall_entry();

namespace exo::kernel_test {

namespace {

using arch::read_msr;

constexpr u64 bit(u32 number) { return 1ULL << number; }

// Intel SDM vol. 3, 2.5.
void control_registers() {
    u64 cr0;
    u64 cr4;
    asm volatile("mov %%cr0, %0; mov %%cr4, %1" : "=r"(cr0), "=r"(cr4));
    CHECK((cr0 & bit(16)) != 0);  // WP: the kernel respects read-only pages
    CHECK((cr0 & bit(31)) != 0);  // PG
    CHECK((cr0 & bit(5)) != 0);   // NE: x87 errors are exceptions
    CHECK((cr0 & bit(2)) == 0);   // EM: no emulated FPU
    CHECK((cr4 & bit(11)) != 0);  // UMIP
    CHECK((cr4 & bit(16)) != 0);  // FSGSBASE
    CHECK((cr4 & bit(18)) != 0);  // OSXSAVE
    CHECK((cr4 & bit(20)) != 0);  // SMEP
    CHECK((cr4 & bit(21)) != 0);  // SMAP
    CHECK((cr4 & bit(7)) != 0);   // PGE
    CHECK((cr4 & bit(8)) == 0);   // PCE: rdpmc is the kernel's
    CHECK((cr4 & bit(2)) == 0);   // TSD: programs may read the cycle counter, as on Linux
}

void system_call_registers() {
    constexpr u64 EFER_SCE_LME_LMA_NXE = bit(0) | bit(8) | bit(10) | bit(11);
    CHECK_EQUAL(read_msr(0xc0000080) & EFER_SCE_LME_LMA_NXE, EFER_SCE_LME_LMA_NXE);
    // SYSCALL loads CS from bits 32-47 and SS from the next; SYSRET +16 and +8 of bits 48-63.
    const u64 star = read_msr(0xc0000081);
    CHECK_EQUAL(star >> 32 & 0xffff, arch::KERNEL_CS);
    CHECK_EQUAL((star >> 32 & 0xffff) + 8, arch::KERNEL_SS);
    CHECK_EQUAL((star >> 48) + 16, arch::USER_CS);
    CHECK_EQUAL((star >> 48) + 8, arch::USER_SS);
    CHECK_EQUAL(read_msr(0xc0000082), reinterpret_cast<u64>(&exo_syscall_entry));
    // IF, DF, TF, NT, AC: none of a program's choices reaches the kernel.
    CHECK_EQUAL(read_msr(0xc0000084), bit(9) | bit(10) | bit(8) | bit(14) | bit(18));
}

/// No I/O port is open to programs: the bitmap lies beyond the TSS's end.
void no_port_is_open() {
    CHECK(task_state().io_map_base > loaded_task_state().limit);
    u64 flags;
    asm volatile("pushfq; pop %0" : "=r"(flags));
    CHECK_EQUAL(flags >> 12 & 3, 0);  // IOPL
}

constexpr Test TESTS[] = {
    {"control_registers", &control_registers},
    {"system_call_registers", &system_call_registers},
    {"no_port_is_open", &no_port_is_open},
};

}  // namespace

std::span<const Test> cpu_tests() { return TESTS; }

}  // namespace exo::kernel_test
