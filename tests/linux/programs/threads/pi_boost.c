// A thread that runs only when nobody else wants to owns a lock that a realtime thread waits for: it is served before those that are busy.
#include "check.h"

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID)
enum { LOCK = 6, UNLOCK = 7 };

static long futex(void* word, int operation) { return syscall(SYS_futex, word, operation, 0, NULL, NULL, 0); }

static uint32_t words[2];
static char stacks[4][65536] __attribute__((aligned(16)));
static volatile int ended[4], is_held[2], is_over;

static long milliseconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static int busy(void* unused) {
    (void)unused;
    while (!is_over) continue;
    return 0;
}

// Has the lock for a time that it must run.
static int lazy(void* unused) {
    (void)unused;
    const struct sched_param parameters = {0};
    futex(&words[0], LOCK);
    syscall(SYS_sched_setscheduler, 0, SCHED_IDLE, &parameters);
    is_held[0] = 1;
    const long end = milliseconds(CLOCK_THREAD_CPUTIME_ID) + 30;
    while (milliseconds(CLOCK_THREAD_CPUTIME_ID) < end) continue;
    futex(&words[0], UNLOCK);
    return 0;
}

// Between the two: it waits for the lazy one, and the realtime thread for it.
static int middle(void* unused) {
    (void)unused;
    futex(&words[1], LOCK);
    is_held[1] = 1;
    futex(&words[0], LOCK);
    futex(&words[0], UNLOCK);
    futex(&words[1], UNLOCK);
    return 0;
}

static void start(int which, int (*body)(void*)) {
    ended[which] = 1;
    clone(body, stacks[which] + sizeof stacks[which], THREAD, NULL, NULL, NULL, (void*)&ended[which]);
}

int main(void) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(0, &one);
    OK(sched_setaffinity(0, sizeof one, &one));
    start(0, lazy);
    while (!is_held[0]) nap_ms(1);
    start(1, middle);
    while (!is_held[1]) nap_ms(1);
    start(2, busy);
    start(3, busy);
    const struct sched_param parameters = {10};
    IS(0, syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &parameters));
    const long begin = milliseconds(CLOCK_MONOTONIC);
    IS(0, futex(&words[1], LOCK));
    const long waited = milliseconds(CLOCK_MONOTONIC) - begin;
    is_over = 1;
    if (waited > 200) SAY("waited for %ld ms", waited);
    IS(0, futex(&words[1], UNLOCK));
    for (int i = 0; i < 4; ++i)
        while (ended[i]) nap_ms(1);
    return done();
}
