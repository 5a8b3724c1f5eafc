// Words with priority inheritance that another thread changes all the time, whose page comes and goes, and whose owners end. Nothing is
// said of what each call answers; afterwards nobody waits, and the locks can be used.
#include "check.h"

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID)
enum { LOCK = 6, UNLOCK = 7, TRYLOCK = 8, LOCK2 = 13, WAKE = 1, WAIT = 0, REQUEUE = 3 };
#define ACTORS 5
#define WORDS 4

static uint32_t* words;
static char stacks[ACTORS][65536] __attribute__((aligned(16)));
static volatile int ended[ACTORS];
static volatile uint32_t tids[ACTORS];
static volatile int is_over;

static long futex(void* word, int operation, unsigned value, void* time, void* other) {
    return syscall(SYS_futex, word, operation, value, time, other, 0);
}

static unsigned next(unsigned* state) { return *state = *state * 1103515245u + 12345u, *state >> 16; }

static void* soon(struct timespec* time, clockid_t clock) {
    clock_gettime(clock, time);
    time->tv_nsec += 300000;
    if (time->tv_nsec >= 1000000000) time->tv_nsec -= 1000000000, ++time->tv_sec;
    return time;
}

static void act(unsigned* state) {
    struct timespec time;
    uint32_t* word = &words[next(state) % WORDS];
    const int private = next(state) % 4 == 0 ? 128 : 0;
    switch (next(state) % 9) {
        case 0:
        case 1: futex(word, LOCK | private, 0, soon(&time, CLOCK_REALTIME), NULL); break;
        case 2: futex(word, LOCK2 | private, 0, soon(&time, CLOCK_MONOTONIC), NULL); break;
        case 3:
        case 4: futex(word, UNLOCK | private, 0, NULL, NULL); break;
        case 5: futex(word, TRYLOCK | private, 0, NULL, NULL); break;
        case 6: futex(word, WAKE | private, 3, NULL, NULL); break;
        case 7: futex(word, REQUEUE | private, 1, (void*)1, &words[next(state) % WORDS]); break;
        case 8: {
            const struct sched_param parameters = {(int)(next(state) % 5)};
            syscall(SYS_sched_setscheduler, 0, parameters.sched_priority ? SCHED_RR : SCHED_OTHER,
                    &parameters);
            break;
        }
    }
}

static int actor(void* which) {
    const long n = (long)which;
    tids[n] = (uint32_t)syscall(SYS_gettid);
    unsigned state = tids[n] * 7919u;
    for (int i = 0; i < 60 && !is_over; ++i) act(&state);
    return 0;  // some locks are its own
}

static void start(int which) {
    ended[which] = 1;
    clone(actor, stacks[which] + sizeof stacks[which], THREAD, (void*)(long)which, NULL, NULL,
          (void*)&ended[which]);
}

int main(void) {
    words = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    unsigned state = 1;
    for (int i = 0; i < ACTORS; ++i) start(i);
    for (int round = 0; round < 400; ++round) {
        const uint32_t values[] = {0,
                                   tids[next(&state) % ACTORS],
                                   tids[next(&state) % ACTORS] | 0x80000000u,
                                   0x40000000,
                                   0x80000000,
                                   tids[next(&state) % ACTORS] | 0xc0000000u,
                                   0x3fffffff,
                                   (uint32_t)getpid(),
                                   next(&state)};
        words[next(&state) % WORDS] = values[next(&state) % ARRAY_SIZE(values)];
        if (round % 16 == 3) {
            mprotect(words, PAGE, PROT_READ);
            nap_ms(1);
            mprotect(words, PAGE, round % 32 == 3 ? PROT_NONE : PROT_READ);
            nap_ms(1);
            mprotect(words, PAGE, PROT_READ | PROT_WRITE);
        }
        if (round % 32 == 7) madvise(words, PAGE, MADV_REMOVE);
        if (round % 4 == 0) nap_ms(1);
        for (int i = 0; i < ACTORS; ++i)
            if (!ended[i]) start(i);
    }
    is_over = 1;
    for (int i = 0; i < ACTORS; ++i)
        while (ended[i]) nap_ms(1);
    for (int i = 0; i < WORDS; ++i) {
        words[i] = 0;
        IS(0, futex(&words[i], LOCK, 0, NULL, NULL));
        IS(0, futex(&words[i], UNLOCK, 0, NULL, NULL));
        IS(0, futex(&words[i], WAKE, 1, NULL, NULL));
    }
    return done();
}
