// Instructions that are the kernel's alone: each costs the program its life, and nothing else.
#include "test.h"

static void do_hlt(void) { asm volatile("hlt"); }
static void do_cli(void) { asm volatile("cli"); }
static void do_sti(void) { asm volatile("sti"); }
static void do_wrmsr(void) { asm volatile("wrmsr" : : "c"(0xc0000082), "a"(0), "d"(0)); }
static void do_rdmsr(void) { asm volatile("rdmsr" : : "c"(0xc0000082) : "eax", "edx"); }
static void do_in(void) { asm volatile("in %%dx, %%al" : : "d"(0x3f8) : "eax"); }
static void do_out(void) { asm volatile("out %%al, %%dx" : : "d"(0xf4), "a"(0x10)); }
static void do_write_cr3(void) { asm volatile("mov %0, %%cr3" : : "r"(0L)); }
static void do_read_cr0(void) { asm volatile("mov %%cr0, %%rax" : : : "rax"); }
static void do_write_debug_register(void) { asm volatile("mov %0, %%dr7" : : "r"(0x401L)); }
static void do_lgdt(void) {
    static const char table[10];
    asm volatile("lgdt %0" : : "m"(table));
}
static void do_lidt(void) {
    static const char table[10];
    asm volatile("lidt %0" : : "m"(table));
}
// UMIP: where the kernel's tables lie is nobody's business. As on Linux the answer is a place where there is nothing.
static void sgdt_tells_nothing(void) {
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) table = {7, 7};
    asm volatile("sgdt %0" : "=m"(table));
    CHECK(table.limit == 0 && table.base == 0xfffffffffffe0000);
}
static void do_invlpg(void) { asm volatile("invlpg (%0)" : : "r"(0L)); }
static void do_swapgs(void) { asm volatile("swapgs"); }
static void do_sysret(void) { asm volatile("sysretq" : : "c"(0L)); }
static void do_xsetbv(void) { asm volatile("xsetbv" : : "c"(0), "a"(0), "d"(0)); }
static void do_int_of_exception(void) { asm volatile("int $14"); }
static void do_int_of_double_fault(void) { asm volatile("int $8"); }
static void do_int_of_interrupt(void) { asm volatile("int $0xfe"); }
#define DIES(instruction) {#instruction, do_##instruction, DIES_OF(SIGSEGV), 4, 4}
const struct test privileged_tests[] = {
    DIES(hlt),
    DIES(cli),
    DIES(sti),
    DIES(wrmsr),
    DIES(rdmsr),
    DIES(in),
    DIES(out),
    DIES(write_cr3),
    DIES(read_cr0),
    DIES(write_debug_register),
    DIES(lgdt),
    DIES(lidt),
    {"sgdt_tells_nothing", sgdt_tells_nothing, EXITS(0), 4, 4},
    DIES(invlpg),
    DIES(swapgs),
    DIES(sysret),
    DIES(xsetbv),
    DIES(int_of_exception),
    DIES(int_of_double_fault),
    DIES(int_of_interrupt),
    {0},
};
