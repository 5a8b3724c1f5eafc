// Entries that can interrupt the kernel anywhere: NMI, #DB, #MC, #DF have stacks of their own and must not trust the GS
// base that they find.
#include "arch/upcalls.hpp"
#include "arch/x86_64/cpu_features.hpp"
#include "kernel_test.hpp"
#include "memory/virtual/kernel_map.hpp"
#include "sync/spin_lock.hpp"
#include "task_state.hpp"

extern "C" {
/// The kernel's own handler, behind --wrap.
void __real_exo_trap_on_own_stack(exo::u32 vector, exo::arch::UserRegisters& registers);
void __wrap_exo_trap_on_own_stack(exo::u32 vector, exo::arch::UserRegisters& registers);
}

namespace exo::kernel_test {

namespace {

constexpr u32 DEBUG = 1;
constexpr u32 NMI = 2;
constexpr u32 MACHINE_CHECK = 18;
constexpr u32 MSR_GS_BASE = 0xc0000101;

/// The state during the last entry on a stack of its own.
struct Entry {
    u32 vector = 0;
    u32 count = 0;
    u64 stack = 0;
    u64 gs_base = 0;
    u64 cpu = 0;
    bool interrupts = true;
};
constinit Entry seen;
/// The entry that the test provokes; it comes back instead of ending in a panic. 0: none.
constinit u32 awaited = 0;

/// Which of the TSS's seven stacks holds the address, by the distance to their tops; 0: none.
u32 stack_index(u64 address) {
    constexpr u64 SIZE = 8 * KIB;
    for (u32 index = 0; index < 7; ++index)
        if (task_state().ist[index] - address < SIZE) return index + 1;
    return 0;
}

void begin(u32 vector) {
    seen = {};
    awaited = vector;
}

void check_entry(u32 vector) {
    awaited = 0;
    CHECK_EQUAL(seen.count, 1);
    CHECK_EQUAL(seen.vector, vector);
    CHECK(stack_index(seen.stack) != 0);
    CHECK_EQUAL(seen.gs_base, reinterpret_cast<u64>(&arch::this_cpu()));
    CHECK_EQUAL(seen.cpu, reinterpret_cast<u64>(&arch::this_cpu()));
    CHECK(!seen.interrupts);
}

void send_nmi_to_self() {
    // The interrupt command register (Intel SDM vol. 3, 11.6.1): delivery mode NMI, asserted, to this CPU's id.
    const auto mapped = memory::map_device(memory::PhysicalAddress(0xfee0'0000), PAGE_SIZE);
    CHECK(mapped.has_value());
    if (!mapped) return;
    // SAFETY: the local APIC's registers, mapped above.
    auto* registers = reinterpret_cast<volatile u32*>(mapped->value());
    registers[0x310 / 4] = arch::this_cpu().apic_id << 24;
    registers[0x300 / 4] = 0x4400;
    for (u32 i = 0; i < 1000 && seen.count == 0; ++i) arch::relax();
}

void nmi_has_its_own_stack() {
    begin(NMI);
    send_nmi_to_self();
    check_entry(NMI);
}

void machine_check_has_its_own_stack() {
    begin(MACHINE_CHECK);
    asm volatile("int $18" : : : "memory");
    check_entry(MACHINE_CHECK);
}

void debug_trap_has_its_own_stack() {
    begin(DEBUG);
    asm volatile("int $1" : : : "memory");
    check_entry(DEBUG);
}

/// One instruction with TF set: the entry must not go on stepping through the handler.
void single_step_in_the_kernel() {
    begin(DEBUG);
    asm volatile(
        "pushfq\n\t"
        "orq $0x100, (%%rsp)\n\t"
        "popfq\n\t"
        "nop\n\t"  // traps after this one
        "pushfq\n\t"
        "andq $~0x100, (%%rsp)\n\t"
        "popfq"
        :
        :
        : "memory", "cc");
    awaited = 0;
    CHECK(seen.count >= 1 && seen.count <= 4);  // the instructions until TF is off again
    CHECK_EQUAL(seen.gs_base, reinterpret_cast<u64>(&arch::this_cpu()));
}

/// A program's step that MOV SS held back into the kernel: its handler lets the kernel go on, and does not step further.
void debug_trap_does_not_end_the_machine() {
    seen = {};
    awaited = 0;
    u64 flags;
    asm volatile(
        "pushfq\n\t"
        "orq $0x100, (%%rsp)\n\t"
        "popfq\n\t"
        "nop\n\t"  // traps after this one
        "pushfq\n\t"
        "pop %0"
        : "=r"(flags)
        :
        : "memory", "cc");
    CHECK_EQUAL(seen.count, 1);
    CHECK_EQUAL(flags & 0x100, 0);
}

void each_vector_has_another_stack() {
    u32 used = 0;
    for (const u32 vector : {DEBUG, NMI, MACHINE_CHECK}) {
        begin(vector);
        if (vector == DEBUG) asm volatile("int $1" : : : "memory");
        if (vector == NMI) asm volatile("int $2" : : : "memory");
        if (vector == MACHINE_CHECK) asm volatile("int $18" : : : "memory");
        check_entry(vector);
        used |= 1U << stack_index(seen.stack);
    }
    CHECK_EQUAL(__builtin_popcount(used), 3);
}

/// Between SYSCALL and its swapgs the kernel runs with the program's GS base, which FSGSBASE lets it choose.
template <u32 VECTOR> void check_with_gs_base(u64 base) {
    begin(VECTOR);
    const sync::InterruptsOff no_interrupts;
    const u64 own = arch::read_msr(MSR_GS_BASE);
    arch::write_msr(MSR_GS_BASE, base);
    if constexpr (VECTOR == DEBUG)
        asm volatile("int $1" : : : "memory");
    else
        asm volatile("int %0" : : "i"(VECTOR) : "memory");
    const u64 after = arch::read_msr(MSR_GS_BASE);
    arch::write_msr(MSR_GS_BASE, own);
    CHECK_EQUAL(after, base);
    check_entry(VECTOR);
}

void entries_do_not_trust_the_gs_base() {
    static constinit u64 fake_record[16]{};
    for (const u64 base : {u64{0}, u64{0x7fff'0000'0000}, reinterpret_cast<u64>(&fake_record),
                           u64{0xffff'8000'dead'0000}, ~u64{0} - 4095}) {
        check_with_gs_base<NMI>(base);
        check_with_gs_base<DEBUG>(base);
        check_with_gs_base<MACHINE_CHECK>(base);
    }
}

/// Flags that a program may have set must not reach the kernel's C++ code through an interrupt.
void entries_clear_direction_and_access_flags() {
    begin(NMI);
    u64 flags_after;
    asm volatile(
        "std\n\t"
        "stac\n\t"
        "int $2\n\t"
        "pushfq\n\t"
        "pop %0\n\t"
        "clac\n\t"
        "cld"
        : "=r"(flags_after)
        :
        : "memory", "cc");
    CHECK_EQUAL(flags_after & 0x40400, 0x40400);  // restored for the interrupted code
    check_entry(NMI);
}

/// A stack that cannot be pushed to: the page fault becomes a double fault, on a stack that works.
[[gnu::noinline]] void lose_the_stack() {
    asm volatile(
        "mov %0, %%rsp\n\t"
        "push %%rax"
        :
        : "r"(0xffff'c980'0000'0000)
        : "memory");
}

void double_fault() {
    expect("double fault (vector 8");
    expect("rsp ffffc98000000000");
    expect("kernel_test::lose_the_stack");
    lose_the_stack();
}

void machine_check() {
    expect("machine check (vector 18");
    expect("kernel_test::machine_check");
    asm volatile("int $18" : : : "memory");
}

constexpr Test TESTS[] = {
    {"nmi_has_its_own_stack", &nmi_has_its_own_stack},
    {"machine_check_has_its_own_stack", &machine_check_has_its_own_stack},
    {"debug_trap_has_its_own_stack", &debug_trap_has_its_own_stack},
    {"single_step_in_the_kernel", &single_step_in_the_kernel},
    {"debug_trap_does_not_end_the_machine", &debug_trap_does_not_end_the_machine},
    {"each_vector_has_another_stack", &each_vector_has_another_stack},
    {"entries_do_not_trust_the_gs_base", &entries_do_not_trust_the_gs_base},
    {"entries_clear_direction_and_access_flags", &entries_clear_direction_and_access_flags},
    {"double_fault", &double_fault, Ending::Panics},
    {"machine_check", &machine_check, Ending::Panics},
};

}  // namespace

/// On the entry's own stack, before the kernel's handler.
void look_on(u32 vector, arch::UserRegisters& registers) {
    const u64 here = reinterpret_cast<u64>(__builtin_frame_address(0));
    u64 flags;
    asm volatile("pushfq; pop %0" : "=r"(flags));
    // DF and AC of the interrupted code end here.
    if ((flags & 0x40400) != 0) panic("an entry left the direction or the access flag set");
    seen = {vector,
            seen.count + 1,
            here,
            arch::read_msr(MSR_GS_BASE),
            reinterpret_cast<u64>(&arch::this_cpu()),
            arch::interrupts_enabled()};
    // After the kernel's NMI handler, which comes back; the others would end in a panic.
    if (awaited != vector || vector == NMI) __real_exo_trap_on_own_stack(vector, registers);
}

std::span<const Test> entry_tests() { return TESTS; }

}  // namespace exo::kernel_test

extern "C" void __wrap_exo_trap_on_own_stack(exo::u32 vector, exo::arch::UserRegisters& registers) {
    exo::kernel_test::look_on(vector, registers);
}
