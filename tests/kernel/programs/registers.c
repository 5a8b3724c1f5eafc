// Threads that check all their registers on both sides of context switches, migrations and signals, on however many CPUs there are.
#define _GNU_SOURCE
#include "test.h"

#include <cpuid.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

enum { THREADS = 12, DEFAULT_SWITCHES = 2000, SPIN = 20000 };

// In the order in which the code below loads and stores them.
enum register_index { RAX, RBX, RCX, RDX, RSI, RDI, RBP, R8, R9, R10, R11, R12, R13, R14, R15, GENERAL };
struct registers {
    uint64_t general[GENERAL];
    uint64_t flags;          // 120
    uint8_t vector[16][32];  // 128
    uint64_t x87[8];         // 640: doubles, the top of the stack first
    uint32_t mxcsr;          // 704
    uint16_t x87_control;    // 708
    uint16_t has_avx;        // 710
};
_Static_assert(offsetof(struct registers, flags) == 120 && offsetof(struct registers, vector) == 128 &&
               offsetof(struct registers, x87) == 640 && offsetof(struct registers, mxcsr) == 704 &&
               offsetof(struct registers, has_avx) == 710);

// Loads all registers from `in`, does one thing, and stores all of them to `out`. A signal handler may run at any instruction.
// exchange_by_spin uses a counter below its return address, and so changes no register.
void exchange_by_call(const struct registers* in, struct registers* out);
void exchange_by_trap(const struct registers* in, struct registers* out);
void exchange_by_spin(const struct registers* in, struct registers* out);

// clang-format off
#define EACH_VECTOR(WHAT) \
    WHAT(0) WHAT(1) WHAT(2) WHAT(3) WHAT(4) WHAT(5) WHAT(6) WHAT(7) \
    WHAT(8) WHAT(9) WHAT(10) WHAT(11) WHAT(12) WHAT(13) WHAT(14) WHAT(15)
#define EACH_GENERAL(WHAT) \
    WHAT(0, rax) WHAT(1, rbx) WHAT(2, rcx) WHAT(3, rdx) WHAT(4, rsi) WHAT(6, rbp) WHAT(7, r8) WHAT(8, r9) \
    WHAT(9, r10) WHAT(10, r11) WHAT(11, r12) WHAT(12, r13) WHAT(13, r14) WHAT(14, r15)
#define EACH_X87(WHAT) WHAT(0) WHAT(1) WHAT(2) WHAT(3) WHAT(4) WHAT(5) WHAT(6) WHAT(7)
#define LOAD_AVX(n) "vmovdqu 128+32*" #n "(%rdi), %ymm" #n "\n\t"
#define LOAD_SSE(n) "movdqu 128+32*" #n "(%rdi), %xmm" #n "\n\t"
#define STORE_AVX(n) "vmovdqu %ymm" #n ", 128+32*" #n "(%rdi)\n\t"
#define STORE_SSE(n) "movdqu %xmm" #n ", 128+32*" #n "(%rdi)\n\t"
#define LOAD_GENERAL(n, name) "mov 8*" #n "(%rdi), %" #name "\n\t"
#define STORE_GENERAL(n, name) "mov %" #name ", 8*" #n "(%rdi)\n\t"
#define LOAD_X87(n) "fldl 640+8*(7-" #n ")(%rdi)\n\t"
#define STORE_X87(n) "fstpl 640+8*" #n "(%rdi)\n\t"
#define EXCHANGE(name, action) \
    asm(".globl " name "\n" name                                                                  \
        ":\n\t"                                                                                     \
        "push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n\t"                      \
        "push %rsi; push $0\n\t"                                                                    \
        "ldmxcsr 704(%rdi); fninit; fldcw 708(%rdi)\n\t" EACH_X87(LOAD_X87)                         \
        "testb $1, 710(%rdi); jz 1f\n\t" EACH_VECTOR(LOAD_AVX) "jmp 2f\n"                           \
        "1:\t" EACH_VECTOR(LOAD_SSE) "2:\tpush 120(%rdi)\n\t" EACH_GENERAL(LOAD_GENERAL)            \
        "mov 8*5(%rdi), %rdi; popfq\n\t" action                                                     \
        /* The pointer to `out` is at 8(%rsp), what the spin counts at (%rsp). */                   \
        "push %rdi; pushfq; mov 24(%rsp), %rdi\n\t" EACH_GENERAL(STORE_GENERAL)                     \
        "pop 120(%rdi); cld; pop 8*5(%rdi)\n\t"                                                     \
        "stmxcsr 704(%rdi); fnstcw 708(%rdi)\n\t" EACH_X87(STORE_X87) "fninit\n\t"                  \
        "testb $1, 710(%rdi); jz 1f\n\t" EACH_VECTOR(STORE_AVX) "vzeroupper; jmp 2f\n"              \
        "1:\t" EACH_VECTOR(STORE_SSE) "2:\tadd $16, %rsp\n\t"                                       \
        "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n\t"                            \
        "ldmxcsr default_mxcsr(%rip)\n\t"                                                           \
        "ret\n"                                                                                     \
        ".size " name ", . - " name)
// clang-format on
asm(".section .rodata\n"
    ".balign 4\n"
    "default_mxcsr: .long 0x1f80\n"
    ".text");
EXCHANGE("exchange_by_call", "syscall\n\t");
EXCHANGE("exchange_by_trap", "int3\n\t");
EXCHANGE("exchange_by_spin", "movl $20000, (%rsp); 3: decl (%rsp); jnz 3b\n\t");

static int has_avx, has_fs_base;
static pthread_t threads[THREADS];
static volatile int has_ended;
static long switches, migrations, signals;
static _Thread_local volatile sig_atomic_t traps;
static _Thread_local const struct registers* trapped;

static uint64_t fs_base(void) {
    uint64_t base;
    if (has_fs_base)
        asm volatile("rdfsbase %0" : "=r"(base));
    else
        CHECK(syscall(SYS_arch_prctl, 0x1003, &base) == 0);
    return base;
}

// A handler's own registers are its program's no longer when it returns.
static void change_all(void) {
    static const struct registers other = {.mxcsr = 0x9fc0, .x87_control = 0x0c7f};
    static _Thread_local struct registers unused;
    struct registers in = other;
    in.has_avx = unused.has_avx = (uint16_t)has_avx;
    in.general[RAX] = SYS_getpid;
    memset(in.vector, 0xa5, sizeof(in.vector));
    exchange_by_call(&in, &unused);
    asm volatile("fninit; fldz; fldz; fldz; ldmxcsr %0" : : "m"(other.mxcsr));
}
static void handle_signal(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)info, (void)context;
    __atomic_add_fetch(&signals, 1, __ATOMIC_SEQ_CST);
    change_all();
}
// The frame of a synchronous signal has what the program loaded.
static void handle_trap(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)info;
    static const int PLACES[GENERAL] = {REG_RAX, REG_RBX, REG_RCX, REG_RDX, REG_RSI, REG_RDI, REG_RBP, REG_R8,
                                        REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    const greg_t* found = ((ucontext_t*)context)->uc_mcontext.gregs;
    for (int i = 0; i < GENERAL; ++i)
        if ((uint64_t)found[PLACES[i]] != trapped->general[i]) fail("register %d in the signal's frame", i);
    ++traps;
    change_all();
}

static uint64_t next(uint64_t* state) {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

static void fill(struct registers* in, uint64_t* state) {
    for (int i = 0; i < GENERAL; ++i) in->general[i] = next(state);
    // Carry, parity, adjust, zero, sign, direction and overflow.
    in->flags = 0x202 | (next(state) & 0xcd5);
    for (size_t at = 0; at < sizeof(in->vector); at += sizeof(uint64_t)) {
        const uint64_t word = next(state);
        memcpy((char*)in->vector + at, &word, sizeof(word));
    }
    for (int i = 0; i < 8; ++i) {
        const double number = (double)(int64_t)next(state);
        memcpy(&in->x87[i], &number, sizeof(number));
    }
    // The rounding, and flushing to zero; all exceptions masked.
    in->mxcsr = 0x1f80 | (uint32_t)(next(state) & 3) << 13 | (uint32_t)(next(state) & 1) << 15;
    in->x87_control = (uint16_t)(0x037f | (next(state) & 3) << 10);
    in->has_avx = (uint16_t)has_avx;
}

static void compare(const struct registers* in, const struct registers* out, const char* across,
                    int is_call) {
    for (int i = 0; i < GENERAL; ++i) {
        // SYSCALL changes these (and RAX is the result).
        if (is_call && (i == RAX || i == RCX || i == R11)) continue;
        if (in->general[i] != out->general[i])
            fail("register %d across %s: %#lx, not %#lx", i, across, out->general[i], in->general[i]);
    }
    for (int i = 0; i < 16; ++i)
        if (memcmp(in->vector[i], out->vector[i], has_avx ? 32 : 16) != 0)
            fail("vector register %d across %s", i, across);
    if (memcmp(in->x87, out->x87, sizeof(in->x87)) != 0) fail("x87 registers across %s", across);
    if (in->mxcsr != out->mxcsr) fail("MXCSR across %s: %#x, not %#x", across, out->mxcsr, in->mxcsr);
    if (in->x87_control != out->x87_control)
        fail("x87 control word across %s: %#x, not %#x", across, out->x87_control, in->x87_control);
}

static void call(struct registers* in, struct registers* out, const char* name, long number, uint64_t a,
                 uint64_t b, uint64_t c) {
    in->general[RAX] = (uint64_t)number;
    in->general[RDI] = a, in->general[RSI] = b, in->general[RDX] = c;
    exchange_by_call(in, out);
    compare(in, out, name, 1);
    if ((in->flags ^ out->flags) & 0xcd5)
        fail("flags across %s: %#lx, not %#lx", name, out->flags, in->flags);
    CHECK(out->general[RAX] == 0);
}

static long switches_of_this_thread(void) {
    struct rusage usage;
    CHECK(getrusage(RUSAGE_THREAD, &usage) == 0);
    return usage.ru_nvcsw + usage.ru_nivcsw;
}

static void* check_registers(void* argument) {
    uint64_t state = 88172645463325252ULL + (uint64_t)(long)argument * 7919;
    static _Thread_local struct registers in, out;
    const uint64_t base = fs_base();
    const int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
    long counted = switches_of_this_thread();
    int last_cpu = sched_getcpu();
    while (!has_ended) {
        for (int i = 0; i < 16; ++i) {
            fill(&in, &state);
            out.has_avx = in.has_avx;
            switch (next(&state) % 8) {
                case 0: {
                    const uint64_t one = 1ULL << next(&state) % (uint64_t)cpus;
                    // The kernel gives the number of bytes that it understands only to sched_getaffinity.
                    call(&in, &out, "sched_setaffinity", SYS_sched_setaffinity, 0, sizeof(one),
                         (uint64_t)&one);
                    CHECK((1ULL << sched_getcpu()) == one);
                    break;
                }
                case 1: {
                    const uint64_t all = (1ULL << cpus) - 1;
                    call(&in, &out, "sched_setaffinity", SYS_sched_setaffinity, 0, sizeof(all),
                         (uint64_t)&all);
                    break;
                }
                case 2: {
                    const sig_atomic_t before = traps;
                    trapped = &in;
                    exchange_by_trap(&in, &out);
                    compare(&in, &out, "a trap", 0);
                    CHECK(traps == before + 1 && ((in.flags ^ out.flags) & 0xcd5) == 0);
                    break;
                }
                case 3:
                    exchange_by_spin(&in, &out);
                    compare(&in, &out, "a loop", 0);
                    break;
                default: call(&in, &out, "sched_yield", SYS_sched_yield, 0, 0, 0);
            }
            CHECK(fs_base() == base);
            const int cpu = sched_getcpu();
            if (cpu != last_cpu) __atomic_add_fetch(&migrations, 1, __ATOMIC_SEQ_CST);
            last_cpu = cpu;
        }
        const long now = switches_of_this_thread();
        __atomic_add_fetch(&switches, now - counted, __ATOMIC_SEQ_CST);
        counted = now;
    }
    return NULL;
}

static void registers_of_threads(void) {
    unsigned eax, ebx, ecx, edx;
    // OSXSAVE and AVX.
    has_avx = __get_cpuid(1, &eax, &ebx, &ecx, &edx) && (ecx & 1U << 27) && (ecx & 1U << 28);
    has_fs_base = (getauxval(AT_HWCAP2) & 2) != 0;
    handle(SIGUSR1, handle_signal, SA_RESTART);
    handle(SIGTRAP, handle_trap, 0);
    const int wanted = count_of("switches", DEFAULT_SWITCHES);
    for (long i = 0; i < THREADS; ++i)
        CHECK(pthread_create(&threads[i], NULL, check_registers, (void*)i) == 0);
    for (int i = 0; __atomic_load_n(&switches, __ATOMIC_SEQ_CST) < wanted; ++i) {
        usleep(500);
        CHECK(pthread_kill(threads[i % THREADS], SIGUSR1) == 0);
    }
    has_ended = 1;
    for (int i = 0; i < THREADS; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(signals > 0);
    CHECK(sysconf(_SC_NPROCESSORS_ONLN) == 1 || migrations > wanted / 100);
}

const struct test register_tests[] = {
    {"registers_of_threads", registers_of_threads, EXITS(0), 1, 1},
    {0},
};
