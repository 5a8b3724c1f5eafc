// Handlers that note what they were called with.
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <ucontext.h>

#include "guest.h"

// Threads share this memory, and each has its own of it. (The forged frame of one may run over another's place.)
static struct {
    volatile int id;
    struct wire_signal noted[MAX_SIGNALS + 1];
    volatile unsigned noted_count;
    volatile unsigned depth;
    volatile int is_guarded;
    void* recovery[5];
} threads[ACTORS];
static volatile int expected;

static int own_id(void) { return (int)raw_call(186 /* gettid */, 0, 0, 0, 0, 0, 0); }

/// Whose thread this is. It asks the kernel, because whatever else a thread could know itself by, calls under test change.
static int current(void) {
    const int id = own_id();
    for (int i = 0; i < ACTORS; i++)
        if (threads[i].id == id) return i;
    return expected;
}

void expect_actor(int actor) { expected = actor; }

void enter_actor(int actor) {
    const int id = own_id();
    for (int i = 0; i < ACTORS; i++)
        if (threads[i].id == id) threads[i].id = 0;
    threads[actor].id = id;
    expected = actor;
}

static void note(int actor, int number, unsigned handler, const siginfo_t* info) {
    if (threads[actor].noted_count >= MAX_SIGNALS) return;
    struct wire_signal* signal = &threads[actor].noted[threads[actor].noted_count++];
    memset(signal, 0, sizeof(*signal));
    signal->number = number;
    signal->handler = handler;
    signal->was_nested = threads[actor].depth;
    if (info == NULL) return;
    signal->code = info->si_code;
    if (number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE) {
        if (info->si_code > 0) signal->value = (int32_t)(uintptr_t)info->si_addr;
        return;
    }
    if (info->si_code == SI_KERNEL || info->si_code == SI_TIMER) return;
    signal->sender = info->si_pid;
    signal->value = number == SIGCHLD           ? info->si_status
                    : info->si_code == SI_QUEUE ? info->si_value.sival_int
                                                : 0;
}

static void leave_access(int actor, int number) {
    if (threads[actor].is_guarded && (number == SIGSEGV || number == SIGBUS))
        __builtin_longjmp(threads[actor].recovery, 1);
}

static void plain(int number) {
    const int actor = current();
    note(actor, number, 0, NULL);
    leave_access(actor, number);
}

static void with_information(int number, siginfo_t* info, void* context) {
    const int actor = current();
    (void)context;
    note(actor, number, 1, info);
    leave_access(actor, number);
}

/// Sends itself another signal: they nest, or wait for each other.
static void nesting(int number, siginfo_t* info, void* context) {
    const int actor = current();
    (void)context;
    note(actor, number, 2, info);
    if (threads[actor].depth < 3) {
        threads[actor].depth++;
        raw_call(62 /* kill */, (uint64_t)raw_call(39 /* getpid */, 0, 0, 0, 0, 0, 0), SIGUSR1, 0, 0, 0, 0);
        threads[actor].depth--;
    }
    leave_access(actor, number);
}

enum { MAX_FORGERIES = 8 };
static struct wire_forgery forgeries[MAX_FORGERIES];
static volatile uint64_t forgery_count;

void set_forgeries(const struct wire_forgery* wanted, uint64_t count) {
    forgery_count = count < MAX_FORGERIES ? count : MAX_FORGERIES;
    memcpy(forgeries, wanted, forgery_count * sizeof(*forgeries));
}

/// Returns through a frame that is not as the kernel made it.
static void forging(int number, siginfo_t* info, void* context) {
    unsigned char* const fpu = (void*)((ucontext_t*)context)->uc_mcontext.fpregs;
    note(current(), number, 3, info);
    for (uint64_t i = 0; i < forgery_count && i < MAX_FORGERIES; i++) {
        unsigned char* const start = forgeries[i].is_in_fpu ? fpu : (unsigned char*)context;
        memcpy(start + forgeries[i].offset, &forgeries[i].value, sizeof(forgeries[i].value));
    }
}

static unsigned char landing_stack[16384] __attribute__((aligned(16), used));

__attribute__((used)) _Noreturn static void land(void) {
    const int actor = current();
    if (threads[actor].is_guarded) __builtin_longjmp(threads[actor].recovery, 1);
    raw_call(231 /* exit_group */, 96, 0, 0, 0, 0, 0);
    __builtin_unreachable();
}

/// Where forged frames lead to: it needs no register to be right.
__attribute__((naked)) static void landing(void) {
    asm("lea landing_stack + 16384 - 64(%rip), %rsp\n\t"
        "push $2\n\tpopfq\n\t"
        "call land");
}

long return_through(uint64_t ucontext, uint64_t unused, uint64_t neither) {
    (void)unused, (void)neither;
    asm volatile("mov %0, %%rsp\n\tmov $15, %%eax\n\tsyscall\n\tjmp landing"
                 :
                 : "r"(ucontext)
                 : "rax", "memory");
    __builtin_unreachable();
}

__attribute__((naked)) static void restorer(void) { asm("mov $15, %eax\n\tsyscall"); }

uint64_t handler_address(uint64_t number) {
    switch (number) {
        case 0: return (uintptr_t)plain;
        case 1: return (uintptr_t)with_information;
        case 2: return (uintptr_t)nesting;
        case 3: return (uintptr_t)forging;
        case 4: return (uintptr_t)landing;
        default: return (uintptr_t)restorer;
    }
}

unsigned take_signals(int actor, struct wire_signal* signals) {
    const unsigned noted = threads[actor].noted_count;
    const unsigned count = noted < MAX_SIGNALS ? noted : MAX_SIGNALS;
    memcpy(signals, threads[actor].noted, count * sizeof(*signals));
    threads[actor].noted_count = 0;
    return count;
}

long guarded(int actor, long (*access)(uint64_t, uint64_t, uint64_t), uint64_t address, uint64_t length,
             uint64_t value) {
    if (__builtin_setjmp(threads[actor].recovery)) {
        threads[current()].is_guarded = 0;
        return -1;
    }
    threads[actor].is_guarded = 1;
    const long result = access(address, length, value);
    threads[actor].is_guarded = 0;
    return result;
}
