// futex_waitv: checks in their order, which word woke the thread, times, signals.
#include "check.h"

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID)
struct entry {
    uint64_t value, address;
    uint32_t flags, reserved;
};
static struct entry entries[129];
static uint32_t words[129];

static long waitv(void* list, unsigned count, unsigned flags, struct timespec* time, int clock) {
    return syscall(449, list, count, flags, time, clock);
}
static long wake(uint32_t* word, int flags, int count) {
    return syscall(SYS_futex, word, 1 | flags, count, NULL, NULL, 0);
}

static void reset(int count) {
    for (int i = 0; i < count; ++i) {
        words[i] = (uint32_t)i;
        entries[i] = (struct entry){(uint64_t)i, (uint64_t)&words[i], 2 | 128, 0};
    }
}

static void checks(void) {
    struct timespec bad = {0, 1000000000}, past = {1, 0}, negative = {-1, 0};
    reset(129);
    FAILS(EINVAL, waitv(entries, 0, 0, NULL, 0));
    FAILS(EINVAL, waitv(entries, 129, 0, NULL, 0));
    FAILS(EINVAL, waitv(NULL, 1, 0, NULL, 0));
    FAILS(EINVAL, waitv(entries, 1, 1, NULL, 0));
    FAILS(EFAULT, waitv((void*)8, 1, 0, NULL, 0));
    FAILS(EFAULT, waitv(KERNEL_ADDRESS, 1, 0, NULL, 0));
    FAILS(EINVAL, waitv((void*)8, 1, 0, &past, 2));
    FAILS(EINVAL, waitv((void*)8, 1, 0, &past, 7));
    FAILS(EFAULT, waitv((void*)8, 1, 0, (void*)8, 1));
    FAILS(EINVAL, waitv((void*)8, 1, 0, &bad, 1));
    FAILS(EINVAL, waitv((void*)8, 1, 0, &negative, 1));
    FAILS(ETIMEDOUT, waitv(entries, 1, 0, &past, 0));
    FAILS(ETIMEDOUT, waitv(entries, 128, 0, &past, 1));
    entries[1].flags = 0;
    FAILS(EINVAL, waitv(entries, 2, 0, &past, 1));
    entries[1].flags = 128;
    FAILS(EINVAL, waitv(entries, 2, 0, &past, 1));
    entries[1].flags = 2 | 1;
    FAILS(EINVAL, waitv(entries, 2, 0, &past, 1));
    entries[1].flags = 2 | 256;
    FAILS(EINVAL, waitv(entries, 2, 0, &past, 1));
    entries[1].flags = 2, entries[1].reserved = 1;
    FAILS(EINVAL, waitv(entries, 2, 0, &past, 1));
    reset(3);
    entries[1].address += 2;
    FAILS(EINVAL, waitv(entries, 2, 0, &past, 1));
    entries[1].address = 0;
    FAILS(EFAULT, waitv(entries, 2, 0, &past, 1));
    entries[1].address = 0xffffffff81000000ul;
    FAILS(EFAULT, waitv(entries, 2, 0, &past, 1));
    reset(3);
    words[2] = 7;
    FAILS(EAGAIN, waitv(entries, 3, 0, &past, 1));
    reset(3);
    entries[0].value = 1ul << 32;  // the upper half does not count
    FAILS(ETIMEDOUT, waitv(entries, 3, 0, &past, 1));
    // The same word twice.
    entries[1] = entries[0];
    FAILS(ETIMEDOUT, waitv(entries, 2, 0, &past, 1));
}

static char stack[65536] __attribute__((aligned(16)));
static volatile int ended;
static volatile int first, second, shared;
static int waker(void* unused) {
    (void)unused;
    nap_ms(20), until_thread_asleep(getpid());
    // Both before the waiter runs, or one.
    if (first >= 0) wake(&words[first], shared ? 0 : 128, 1);
    if (second >= 0) wake(&words[second], 128, 1);
    return 0;
}
static void woken(int one, int other) {
    ended = 1, first = one, second = other;
    OK(clone(waker, stack + sizeof stack, THREAD, NULL, NULL, NULL, (void*)&ended));
    const long index = waitv(entries, 128, 0, NULL, 0);
    if (other < 0)
        SAY("woken by %ld", index);
    else
        TRUE(index == one || index == other);
    while (ended) sched_yield();
    // Nothing is left behind.
    for (int i = 0; i < 128; ++i)
        if (wake(&words[i], 128, 10) != 0) SAY("still queued: %d", i);
}

static void note(int signal) { (void)signal; }

static void signals(void) {
    struct sigaction action = {.sa_handler = note};
    const struct itimerval soon = {.it_value = {0, 20000}};
    OK(sigaction(SIGALRM, &action, NULL));
    OK(setitimer(ITIMER_REAL, &soon, NULL));
    FAILS(EINTR, waitv(entries, 2, 0, NULL, 0));
    action.sa_flags = SA_RESTART;
    OK(sigaction(SIGALRM, &action, NULL));
    OK(setitimer(ITIMER_REAL, &soon, NULL));
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += 60000000;
    if (until.tv_nsec >= 1000000000) until.tv_nsec -= 1000000000, ++until.tv_sec;
    FAILS(ETIMEDOUT, waitv(entries, 2, 0, &until, 1));
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 20000000;
    if (until.tv_nsec >= 1000000000) until.tv_nsec -= 1000000000, ++until.tv_sec;
    FAILS(ETIMEDOUT, waitv(entries, 2, 0, &until, 0));
}

int main(void) {
    checks();
    reset(128);
    woken(0, -1);
    woken(127, -1);
    woken(64, -1);
    woken(3, 100);
    entries[5].flags = 2;
    shared = 1;
    woken(5, -1);
    shared = 0;
    reset(128);
    signals();
    return done();
}
