// What a program can put into registers before it enters the kernel, and where it can have itself returned to.
#define _GNU_SOURCE
#include "test.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

static volatile int traps;
static void count_trap(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)info, (void)context;
    ++traps;
}

static uint64_t gs_base(void) {
    uint64_t base;
    asm volatile("rdgsbase %0" : "=r"(base));
    return base;
}
static void set_gs_base(uint64_t base) { asm volatile("wrgsbase %0" : : "r"(base)); }

// With FSGSBASE a program's GS base can look like the kernel's.
static const uint64_t STRANGE_BASES[] = {0xffffffff80200000, 0xffff800000000000, 0xffffc90000000000,
                                         ~0xfffULL, 0};

static void kernel_looking_gs_base(void) {
    handle(SIGTRAP, count_trap, 0);
    for (size_t i = 0; i < sizeof(STRANGE_BASES) / sizeof(STRANGE_BASES[0]); ++i) {
        set_gs_base(STRANGE_BASES[i]);
        traps = 0;
        asm volatile("int3" : : : "memory");
        CHECK(traps == 1 && gs_base() == STRANGE_BASES[i]);
        // One step with TF set, then TF off again: #DB on each instruction between, one of them a system call.
        asm volatile(
            "pushfq; orq $0x100, (%%rsp); popfq\n\t"
            "mov $39, %%eax; syscall; nop\n\t"
            "pushfq; andq $~0x100, (%%rsp); popfq"
            :
            :
            : "rax", "rcx", "r11", "memory", "cc");
        CHECK(traps >= 5 && gs_base() == STRANGE_BASES[i]);
        CHECK(syscall(SYS_getppid) == 1);
        for (int page_faults = 0; page_faults < 4; ++page_faults) {
            volatile char* page =
                mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            CHECK(page != MAP_FAILED);
            *page = 1;
            CHECK(munmap((void*)page, 4096) == 0 && gs_base() == STRANGE_BASES[i]);
        }
    }
}

// MOV SS holds the #DB of the single step back until after the next instruction, which enters the kernel.
static void debug_trap_held_back_into_the_kernel(void) {
    handle(SIGTRAP, count_trap, 0);
    set_gs_base(STRANGE_BASES[0]);
    static uint16_t selector = 0x2b;
    asm volatile(
        "pushfq; orq $0x100, (%%rsp); popfq\n\t"
        "mov %0, %%ss; int3\n\t"
        "mov %0, %%ss; syscall\n\t"
        "pushfq; andq $~0x100, (%%rsp); popfq"
        :
        : "m"(selector), "a"(39)
        : "rcx", "r11", "memory", "cc");
    CHECK(traps >= 2 && gs_base() == STRANGE_BASES[0]);
}

// IF cannot be changed; DF, AC, NT must not reach the kernel, which copies with string instructions, and must come back
// as they were.
static void strange_flags(void) {
    static char expected[4096];
    static char page[4096];
    const int file = open("/init", O_RDONLY);
    CHECK(file >= 0 && pread(file, expected, sizeof(expected), 0) == sizeof(expected));
    const uint64_t wanted = 0x400 | 0x40000 | 0x4000;
    uint64_t found;
    long result = SYS_read;
    asm volatile(
        "pushfq; or %2, (%%rsp); popfq\n\t"
        "syscall\n\t"
        "pushfq; pop %1\n\t"
        "pushfq; andq $~0x44400, (%%rsp); popfq"
        : "+a"(result), "=&r"(found)
        : "r"(wanted), "D"((long)file), "S"(page), "d"(sizeof(page))
        : "rcx", "r11", "memory", "cc");
    CHECK(result == sizeof(page) && memcmp(page, expected, sizeof(page)) == 0);
    CHECK((found & wanted) == wanted && (found & 0x200) != 0);
}

// Faults and interrupts with these flags: the page fault copies and zeroes in C++.
static void strange_flags_in_a_fault(void) {
    char* pages = mmap(NULL, 64 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED);
    asm volatile(
        "pushfq; orq $0x44400, (%%rsp); popfq\n\t"
        "1: movb $1, (%0); add $4096, %0; dec %1; jnz 1b\n\t"
        "pushfq; andq $~0x44400, (%%rsp); popfq"
        : "+r"(pages)
        : "c"(64L)
        : "memory", "cc");
}

// SYSRET to such an address faults in kernel mode on some CPUs: the kernel must not try.
static uint64_t next_rip;
static void change_rip(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)info;
    ((ucontext_t*)context)->uc_mcontext.gregs[REG_RIP] = (greg_t)next_rip;
}
static void return_to(uint64_t rip) {
    next_rip = rip;
    handle(SIGUSR1, change_rip, 0);
    kill(getpid(), SIGUSR1);
}
static void sigreturn_to_non_canonical(void) { return_to(0x800000000000); }
static void sigreturn_to_kernel(void) { return_to(0xffffffff80200000); }
static void sigreturn_to_last_page(void) { return_to(0x7ffffffff000); }
static void sigreturn_with_kernel_stack(void) {
    // The stack pointer may be anything; it is used when a signal comes.
    asm volatile("mov %0, %%rsp; push %%rax" : : "r"(0xffffffff80700000) : "memory");
}
static void change_selectors(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)info;
    greg_t* word = &((ucontext_t*)context)->uc_mcontext.gregs[REG_CSGSFS];
    *word = (*word & ~0xffffLL) | 0x10;
}
static void sigreturn_with_kernel_selector(void) {
    handle(SIGUSR1, change_selectors, 0);
    kill(getpid(), SIGUSR1);
    // Either refused, or the selectors that come back are a program's.
    uint16_t selector;
    asm volatile("mov %%cs, %0" : "=r"(selector));
    CHECK((selector & 3) == 3);
}

// A system call in the last bytes below the end of user memory would return to a non-canonical address.
static void syscall_at_the_end_of_memory(void) {
    CHECK(mmap((void*)0x7ffffffff000, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
               -1, 0) == MAP_FAILED);
    unsigned char* last = mmap((void*)0x7fffffffe000, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    CHECK(last == (unsigned char*)0x7fffffffe000);
    memcpy(last + 4094, "\x0f\x05", 2);
    asm volatile("jmp *%0" : : "r"(last + 4094), "a"(39));
}

const struct test entry_tests[] = {
    {"kernel_looking_gs_base", kernel_looking_gs_base, EXITS(0), 2, 4},
    {"debug_trap_held_back_into_the_kernel", debug_trap_held_back_into_the_kernel, EXITS(0), 4, 4},
    {"strange_flags", strange_flags, EXITS(0), 4, 4},
    {"strange_flags_in_a_fault", strange_flags_in_a_fault, EXITS(0), 2, 4},
    {"sigreturn_to_non_canonical", sigreturn_to_non_canonical, DIES_OF(SIGSEGV), 4, 4},
    {"sigreturn_to_kernel", sigreturn_to_kernel, DIES_OF(SIGSEGV), 4, 4},
    {"sigreturn_to_last_page", sigreturn_to_last_page, DIES_OF(SIGSEGV), 4, 4},
    {"sigreturn_with_kernel_stack", sigreturn_with_kernel_stack, DIES_OF(SIGSEGV), 4, 4},
    {"sigreturn_with_kernel_selector", sigreturn_with_kernel_selector, DIES_OF(SIGSEGV), 4, 4},
    {"syscall_at_the_end_of_memory", syscall_at_the_end_of_memory, DIES_OF(SIGSEGV), 4, 4},
    {0},
};
