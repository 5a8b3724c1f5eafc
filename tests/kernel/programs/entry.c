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

// ---- The 32-bit code segment, which a far jump reaches.

static unsigned char* low_pages(void) {
    unsigned char* page = mmap((void*)0x10000000, 4 * 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    CHECK(page == (unsigned char*)0x10000000);
    return page;
}

// Runs `code` in 32-bit mode, on a stack below 4 GiB; a far jump behind it leads back to 64-bit mode. EAX after it.
static uint64_t run_32_bit(const char* code, size_t size) {
    static const unsigned char LEAVE[] = {0xea, 0, 1, 0, 0x10, 0x33, 0};  // ljmp $0x33, $0x10000100
    static const unsigned char BACK[] = {0xc3};
    unsigned char* page = low_pages();
    memcpy(page, code, size);
    memcpy(page + size, LEAVE, sizeof(LEAVE));
    memcpy(page + 0x100, BACK, sizeof(BACK));
    static struct {
        uint32_t offset;
        uint16_t selector;
    } __attribute__((packed)) target = {0x10000000, 0x23};
    static uint64_t stack;
    uint64_t result;
    asm volatile(
        "mov %%rsp, %2; lea 1f(%%rip), %%rcx; mov $0x10003f00, %%esp; push %%rcx\n\t"
        "ljmpl *%1\n"
        "1: mov %2, %%rsp"
        : "=a"(result)
        : "m"(target), "m"(stack)
        : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
    return result;
}

// Its entry is MSR CSTAR's. There are no 32-bit calls, and the program goes on where it was.
static void syscall_from_32_bit_code(void) {
    static const char CODE[] = "\xb8\x14\x00\x00\x00\x0f\x05";  // mov $20, %eax; syscall
    CHECK((int32_t)run_32_bit(CODE, sizeof(CODE) - 1) == -38);
}

static void sysenter_from_32_bit_code(void) {
    static const char CODE[] = "\x0f\x34";
    run_32_bit(CODE, sizeof(CODE) - 1);
}

// int $0x80 is a general-protection fault as in 64-bit code.
static void interrupt_0x80_from_32_bit_code(void) {
    static const char CODE[] = "\xcd\x80";
    run_32_bit(CODE, sizeof(CODE) - 1);
}

static volatile int code_segment;
static void note_segment(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)info;
    code_segment = (int)(((ucontext_t*)context)->uc_mcontext.gregs[REG_CSGSFS] & 0xffff);
    ++traps;
}
// A handler runs in 64-bit mode and goes back to where it came from.
static void signal_in_32_bit_code(void) {
    static const char CODE[] =
        "\xcc\xb8\x05\x00\x00\x00\x40\x40";  // int3; mov $5, %eax; inc %eax; inc %eax (REX.X in 64-bit mode)
    handle(SIGTRAP, note_segment, 0);
    CHECK((uint32_t)run_32_bit(CODE, sizeof(CODE) - 1) == 7);
    CHECK(traps == 1 && code_segment == 0x23);
}

// The table of local descriptors is empty: the processor never looks for one in the program's memory.
static void local_descriptor(void) { asm volatile("mov %0, %%es" : : "r"(0x1237)); }

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
    {"syscall_from_32_bit_code", syscall_from_32_bit_code, EXITS(0), 4, 4},
    {"sysenter_from_32_bit_code", sysenter_from_32_bit_code, DIES_OF(SIGSEGV), 4, 4},
    {"interrupt_0x80_from_32_bit_code", interrupt_0x80_from_32_bit_code, DIES_OF(SIGSEGV), 4, 4},
    {"signal_in_32_bit_code", signal_in_32_bit_code, EXITS(0), 4, 4},
    {"local_descriptor", local_descriptor, DIES_OF(SIGSEGV), 4, 4},
    {0},
};
