// Exceptions that the kernel does not expect in its own code: each must end in a report that names it.
// Not here: what QEMU's emulation never raises (SIMD errors) and what only user mode can (alignment checks).
#include "kernel_test.hpp"

namespace exo::kernel_test {

namespace {

/// Values that the report must show: each register has its own.
#define LOAD_MARKED_REGISTERS            \
    "mov $0x1111000000000008, %%r8\n\t"  \
    "mov $0x1111000000000009, %%r9\n\t"  \
    "mov $0x111100000000000a, %%r10\n\t" \
    "mov $0x111100000000000b, %%r11\n\t" \
    "mov $0x111100000000000c, %%r12\n\t" \
    "mov $0x111100000000000d, %%r13\n\t" \
    "mov $0x111100000000000e, %%r14\n\t" \
    "mov $0x111100000000000f, %%r15\n\t" \
    "mov $0x1111000000000001, %%rsi\n\t"
#define MARKED_REGISTERS "rsi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "memory", "cc"

void expect_marked_registers() {
    expect("rsi 1111000000000001");
    expect("r8  1111000000000008  r9  1111000000000009  r10 111100000000000a  r11 111100000000000b");
    expect("r12 111100000000000c  r13 111100000000000d  r14 111100000000000e  r15 111100000000000f");
}

void expect_exception(std::string_view name, u32 vector, u64 error_code, std::string_view function) {
    expect("kernel panic: {} (vector {}, error code {:x})", name, vector, error_code);
    expect_marked_registers();
    expect("rip ffffffff8");
    expect("cs 10  ss 18");
    expect("call chain:");
    expect("kernel_test::{}+", function);
    expect("kernel_test::run_test+");
}

[[gnu::noinline]] void provoke_divide_error() {
    asm volatile(LOAD_MARKED_REGISTERS "xor %%edx, %%edx; xor %%ecx, %%ecx; div %%ecx"
                 :
                 :
                 : "rax", "rcx", "rdx", MARKED_REGISTERS);
}
void divide_error() {
    expect_exception("divide error", 0, 0, "provoke_divide_error");
    provoke_divide_error();
}

[[gnu::noinline]] void provoke_breakpoint() {
    asm volatile(LOAD_MARKED_REGISTERS "int3" : : : MARKED_REGISTERS);
}
void breakpoint() {
    expect_exception("breakpoint", 3, 0, "provoke_breakpoint");
    provoke_breakpoint();
}

[[gnu::noinline]] void provoke_overflow() {
    asm volatile(LOAD_MARKED_REGISTERS "int $4" : : : MARKED_REGISTERS);
}
void overflow() {
    expect_exception("overflow", 4, 0, "provoke_overflow");
    provoke_overflow();
}

[[gnu::noinline]] void provoke_invalid_opcode() {
    asm volatile(LOAD_MARKED_REGISTERS "ud2" : : : MARKED_REGISTERS);
}
void invalid_opcode() {
    expect_exception("invalid opcode", 6, 0, "provoke_invalid_opcode");
    provoke_invalid_opcode();
}

/// CR0.TS makes any FPU instruction trap.
[[gnu::noinline]] void provoke_no_fpu() {
    asm volatile(LOAD_MARKED_REGISTERS "mov %%cr0, %%rax; or $8, %%rax; mov %%rax, %%cr0; fnop"
                 :
                 :
                 : "rax", MARKED_REGISTERS);
}
void no_fpu() {
    expect_exception("no FPU", 7, 0, "provoke_no_fpu");
    provoke_no_fpu();
}

/// A selector beyond the descriptor table: its index is the error code.
[[gnu::noinline]] void provoke_bad_selector() {
    asm volatile(LOAD_MARKED_REGISTERS "mov $0xfff0, %%eax; mov %%ax, %%ds" : : : "rax", MARKED_REGISTERS);
}
void bad_selector() {
    expect_exception("general protection", 13, 0xfff0, "provoke_bad_selector");
    provoke_bad_selector();
}

[[gnu::noinline]] void provoke_non_canonical_access() {
    asm volatile(LOAD_MARKED_REGISTERS "mov $0x800000000000, %%rax; mov (%%rax), %%rax"
                 :
                 :
                 : "rax", MARKED_REGISTERS);
}
void non_canonical_access() {
    expect_exception("general protection", 13, 0, "provoke_non_canonical_access");
    provoke_non_canonical_access();
}

/// Through the stack segment a non-canonical address is a stack fault, not a general protection fault.
[[gnu::noinline]] void provoke_stack_fault() {
    asm volatile(LOAD_MARKED_REGISTERS "mov $0x800000000000, %%rax; mov %%ss:(%%rax), %%rax"
                 :
                 :
                 : "rax", MARKED_REGISTERS);
}
void stack_fault() {
    expect("kernel panic: ");
    expect_marked_registers();
    expect("kernel_test::provoke_stack_fault+");
    provoke_stack_fault();
}

[[gnu::noinline]] void provoke_null_read() {
    asm volatile(LOAD_MARKED_REGISTERS "mov $0x18, %%eax; mov (%%rax), %%rax" : : : "rax", MARKED_REGISTERS);
}
void null_read() {
    expect("kernel panic: page fault (vector 14, error code 0) at address 0000000000000018");
    expect_marked_registers();
    expect("cr2 0000000000000018");
    expect("kernel_test::provoke_null_read+");
    provoke_null_read();
}

[[gnu::noinline]] void provoke_wild_write() {
    asm volatile(LOAD_MARKED_REGISTERS "mov $0xffffd00000001230, %%rax; mov %%rax, (%%rax)"
                 :
                 :
                 : "rax", MARKED_REGISTERS);
}
void wild_write() {
    expect("kernel panic: page fault (vector 14, error code 2) at address ffffd00000001230");
    expect_marked_registers();
    expect("cr2 ffffd00000001230");
    expect("kernel_test::provoke_wild_write+");
    provoke_wild_write();
}

/// An unmasked x87 division by zero, noticed by the next waiting instruction.
[[gnu::noinline]] void provoke_x87_error() {
    static constinit u16 control = 0x0340;
    asm volatile(LOAD_MARKED_REGISTERS "fninit; fldcw %0; fld1; fldz; fdivrp; fwait"
                 :
                 : "m"(control)
                 : MARKED_REGISTERS);
}
void x87_error() {
    expect_exception("x87 error", 16, 0, "provoke_x87_error");
    provoke_x87_error();
}

constexpr Test TESTS[] = {
    {"divide_error", &divide_error, Ending::Panics},
    {"breakpoint", &breakpoint, Ending::Panics},
    {"overflow", &overflow, Ending::Panics},
    {"invalid_opcode", &invalid_opcode, Ending::Panics},
    {"no_fpu", &no_fpu, Ending::Panics},
    {"bad_selector", &bad_selector, Ending::Panics},
    {"non_canonical_access", &non_canonical_access, Ending::Panics},
    {"stack_fault", &stack_fault, Ending::Panics},
    {"null_read", &null_read, Ending::Panics},
    {"wild_write", &wild_write, Ending::Panics},
    {"x87_error", &x87_error, Ending::Panics},
};

}  // namespace

std::span<const Test> exception_tests() { return TESTS; }

}  // namespace exo::kernel_test
