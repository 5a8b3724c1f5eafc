// Futexes with priority inheritance: who gets the lock, how urgent its owner is meanwhile, and what ends that.
#include "check.h"

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID)
enum { LOCK = 6, UNLOCK = 7 };
#define MOST 6

static long futex(void* word, int operation, void* time) {
    return syscall(SYS_futex, word, operation, 0, time, NULL, 0);
}
static int tid(void) { return (int)syscall(SYS_gettid); }

static char stacks[MOST][65536] __attribute__((aligned(16)));
static volatile int ended[MOST], tids[MOST], kinds[MOST], priorities[MOST];
static volatile int may_go;
static uint32_t words[MOST];
static volatile int order[MOST], taken, afterwards[MOST];

static void become(int kind, int priority) {
    struct sched_param parameters = {priority};
    if (kind == SCHED_OTHER && priority != 0) {
        setpriority(PRIO_PROCESS, (id_t)tid(), priority);
        return;
    }
    syscall(SYS_sched_setscheduler, 0, kind, &parameters);
}

// The priority of a thread as /proc shows it. Without streams: several threads are here at once, and the C library does not know of them.
static int shown(int thread) {
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", thread);
    const int file = open(path, O_RDONLY);
    const ssize_t size = read(file, text, sizeof text - 1);
    close(file);
    text[size > 0 ? size : 0] = 0;
    char* at = strrchr(text, ')') + 2;
    for (int field = 3; field < 18; ++field) at = strchr(at, ' ') + 1;
    return atoi(at);
}

static void join(int which) {
    while (ended[which]) nap_ms(1);
}

static int takes_first(void* which) {
    const int n = (int)(long)which;
    become(kinds[n], priorities[n]);
    tids[n] = tid();
    if (futex(&words[0], LOCK, NULL) == 0) {
        order[taken++] = n;
        SAY("%d has it and shows %d", n, shown(tid()));
        futex(&words[0], UNLOCK, NULL);
        afterwards[n] = shown(tid());
    }
    return 0;
}

// Holds the lock with its own number and waits for the next one.
static int link_of_chain(void* which) {
    const int n = (int)(long)which;
    become(kinds[n], priorities[n]);
    futex(&words[n], LOCK, NULL);
    tids[n] = tid();
    while (!may_go) nap_ms(1);
    if (futex(&words[n + 1], LOCK, NULL) == 0) futex(&words[n + 1], UNLOCK, NULL);
    futex(&words[n], UNLOCK, NULL);
    return 0;
}

static int gives_up(void* which) {
    const int n = (int)(long)which;
    struct timespec until;
    become(kinds[n], priorities[n]);
    tids[n] = tid();
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 60000000;
    if (until.tv_nsec >= 1000000000) until.tv_nsec -= 1000000000, ++until.tv_sec;
    const long result = futex(&words[0], LOCK, &until);
    SAY("gives up: %s", result == 0 ? "no" : error_name(errno));
    return 0;
}

static void start(int which, int (*body)(void*), int kind, int priority) {
    ended[which] = 1, tids[which] = 0, kinds[which] = kind, priorities[which] = priority;
    OK(clone(body, stacks[which] + sizeof stacks[which], THREAD, (void*)(long)which, NULL, NULL,
             (void*)&ended[which]));
    while (!tids[which]) nap_ms(1);
    if (body == link_of_chain) return;  // it has its own lock, and waits for no other yet
    until_thread_asleep(tids[which]);
}

int main(void) {
    // fork blocks all signals of the main thread. A child that ends meanwhile would interrupt a waiter, which then waits behind others.
    sigset_t ends;
    sigemptyset(&ends), sigaddset(&ends, SIGCHLD);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    const int main_thread = tid();
    SAY("at first %d", shown(main_thread));
    IS(0, futex(&words[0], LOCK, NULL));
    start(0, takes_first, SCHED_OTHER, 0);
    SAY("one waits: %d", shown(main_thread));
    start(1, takes_first, SCHED_FIFO, 10);
    SAY("10 waits: %d", shown(main_thread));
    start(2, takes_first, SCHED_RR, 30);
    SAY("30 waits: %d", shown(main_thread));
    start(3, takes_first, SCHED_FIFO, 20);
    SAY("20 waits: %d", shown(main_thread));
    start(4, takes_first, SCHED_OTHER, 0);
    start(5, takes_first, SCHED_FIFO, 30);
    SAY("scheduler %ld", syscall(SYS_sched_getscheduler, 0));
    struct sched_param parameters;
    IS(0, syscall(SYS_sched_getparam, 0, &parameters));
    SAY("priority %d", parameters.sched_priority);
    // A waiter's priority changes while it waits.
    parameters.sched_priority = 40;
    IS(0, syscall(SYS_sched_setparam, tids[3], &parameters));
    SAY("40 waits: %d", shown(main_thread));
    parameters.sched_priority = 5;
    IS(0, syscall(SYS_sched_setparam, tids[3], &parameters));
    SAY("30 waits: %d", shown(main_thread));
    // The owner's own changes.
    OK(setpriority(PRIO_PROCESS, 0, 5));
    SAY("nice 5: %d", shown(main_thread));
    parameters.sched_priority = 50;
    IS(0, syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &parameters));
    SAY("50 of its own: %d", shown(main_thread));
    parameters.sched_priority = 0;
    IS(0, syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &parameters));
    SAY("not any more: %d", shown(main_thread));
    OK(setpriority(PRIO_PROCESS, 0, 0));
    // A child does not inherit what its parent has inherited.
    CHILD("exit 0", SAY("child: %d", shown(getpid())));
    futex(&words[0], UNLOCK, NULL);
    for (int i = 0; i < 6; ++i) join(i);
    for (int i = 0; i < 6; ++i) SAY("%d has given it back and shows %d", i, afterwards[i]);
    SAY("order %d %d %d %d %d %d", order[0], order[1], order[2], order[3], order[4], order[5]);
    SAY("at the end %d", shown(main_thread));

    // A chain: 0 <- 1 <- 2 <- the main thread; a waiter for 0's lock makes all of them urgent.
    IS(0, futex(&words[3], LOCK, NULL));
    for (int i = 0; i < 3; ++i) start(i, link_of_chain, SCHED_OTHER, 0);
    may_go = 1;
    nap_ms(20);
    for (int i = 0; i < 3; ++i) until_thread_asleep(tids[i]);
    taken = 0;
    start(4, gives_up, SCHED_FIFO, 15);
    SAY("chain: %d %d %d %d", shown(tids[0]), shown(tids[1]), shown(tids[2]), shown(main_thread));
    parameters.sched_priority = 25;
    IS(0, syscall(SYS_sched_setparam, tids[4], &parameters));
    SAY("chain: %d %d %d %d", shown(tids[0]), shown(tids[1]), shown(tids[2]), shown(main_thread));
    join(4);
    SAY("after the time-out: %d %d %d %d", shown(tids[0]), shown(tids[1]), shown(tids[2]),
        shown(main_thread));
    start(4, takes_first, SCHED_FIFO, 35);
    SAY("chain: %d %d %d %d", shown(tids[0]), shown(tids[1]), shown(tids[2]), shown(main_thread));
    futex(&words[3], UNLOCK, NULL);
    const int left = shown(main_thread);
    join(4);
    SAY("given back: %d", left);
    for (int i = 0; i < 3; ++i) join(i);
    SAY("%x %x %x %x", words[0], words[1], words[2], words[3]);
    return done();
}
