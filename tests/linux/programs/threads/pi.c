// Futexes with priority inheritance: checks, errnos, what stands in the word, words that lie.
#include "check.h"

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID)
enum {
    WAIT = 0,
    WAKE = 1,
    REQUEUE = 3,
    WAKE_OP = 5,
    LOCK = 6,
    UNLOCK = 7,
    TRYLOCK = 8,
    WAIT_REQUEUE = 11,
    CMP_REQUEUE_PI = 12,
    LOCK2 = 13
};
enum { PRIVATE = 128, REALTIME = 256 };
#define WAITERS 0x80000000u
#define DIED 0x40000000u

static long futex(void* word, int operation, unsigned value, void* time) {
    return syscall(SYS_futex, word, operation, value, time, NULL, 0);
}
static uint32_t tid(void) { return (uint32_t)syscall(SYS_gettid); }
static uint32_t word __attribute__((aligned(8)));
static uint32_t* memory;

static const char* named(uint32_t value) {
    static char text[64];
    const uint32_t owner = value & 0x3fffffff;
    snprintf(text, sizeof text, "%s%s%s",
             owner == tid() ? "mine"
             : owner == 0   ? "free"
                            : "another's",
             value & WAITERS ? "+waiters" : "", value & DIED ? "+died" : "");
    return text;
}

static struct timespec after_ms(clockid_t clock, long ms) {
    struct timespec time;
    clock_gettime(clock, &time);
    time.tv_nsec += ms * 1000000;
    while (time.tv_nsec >= 1000000000) time.tv_nsec -= 1000000000, ++time.tv_sec;
    return time;
}

static void alone(void) {
    word = 0;
    IS(0, futex(&word, LOCK, 0, NULL));
    SAY("%s", named(word));
    FAILS(EDEADLK, futex(&word, LOCK, 0, NULL));
    FAILS(EDEADLK, futex(&word, TRYLOCK, 0, NULL));
    FAILS(EDEADLK, futex(&word, LOCK2, 0, NULL));
    IS(0, futex(&word, UNLOCK, 0, NULL));
    SAY("%s", named(word));
    FAILS(EPERM, futex(&word, UNLOCK, 0, NULL));
    IS(0, futex(&word, TRYLOCK | PRIVATE, 0, NULL));
    SAY("%s", named(word));
    word |= WAITERS;
    IS(0, futex(&word, UNLOCK | PRIVATE, 0, NULL));
    SAY("%s", named(word));
    word = DIED;
    IS(0, futex(&word, LOCK, 0, NULL));
    SAY("%s", named(word));
    IS(0, futex(&word, UNLOCK, 0, NULL));
    SAY("%s", named(word));
    word = WAITERS;
    IS(0, futex(&word, LOCK2, 0, NULL));
    SAY("%s", named(word));
    word = WAITERS | DIED;
    IS(0, futex(&word, TRYLOCK, 0, NULL));
    SAY("%s", named(word));
    word = 0;
}

static void places(void) {
    FAILS(EINVAL, futex((char*)&word + 1, LOCK, 0, NULL));
    FAILS(EFAULT, futex(unmapped(), LOCK, 0, NULL));
    FAILS(EFAULT, futex(unmapped(), LOCK | PRIVATE, 0, NULL));
    FAILS(EFAULT, futex(unmapped(), TRYLOCK, 0, NULL));
    FAILS(EFAULT, futex(unmapped(), UNLOCK, 0, NULL));
    FAILS(EFAULT, futex(KERNEL_ADDRESS, LOCK, 0, NULL));
    FAILS(EFAULT, futex(KERNEL_ADDRESS, UNLOCK, 0, NULL));
    FAILS(EFAULT, futex(NON_CANONICAL, LOCK | PRIVATE, 0, NULL));
    FAILS(EFAULT, futex(NON_CANONICAL, UNLOCK | PRIVATE, 0, NULL));
    FAILS(EFAULT, futex(NULL, LOCK, 0, NULL));
    uint32_t* page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    page[0] = 0, page[1] = tid(), page[2] = 4000000;
    OK(mprotect(page, PAGE, PROT_READ));
    FAILS(EFAULT, futex(page, LOCK, 0, NULL));
    FAILS(EFAULT, futex(page, LOCK | PRIVATE, 0, NULL));
    FAILS(EFAULT, futex(page, TRYLOCK | PRIVATE, 0, NULL));
    FAILS(EDEADLK, futex(page + 1, LOCK | PRIVATE, 0, NULL));
    FAILS(EFAULT, futex(page + 1, UNLOCK | PRIVATE, 0, NULL));
    FAILS(EFAULT, futex(page + 1, UNLOCK, 0, NULL));
    FAILS(EFAULT, futex(page + 2, LOCK | PRIVATE, 0, NULL));
    FAILS(EPERM, futex(page + 2, UNLOCK, 0, NULL));
    OK(munmap(page, PAGE));
    const int fd = OK(open("pi", O_RDWR | O_CREAT, 0600));
    OK(ftruncate(fd, PAGE));
    uint32_t* read_only = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
    FAILS(EFAULT, futex(read_only, LOCK, 0, NULL));
    FAILS(EPERM, futex(read_only, UNLOCK, 0, NULL));
    uint32_t* file = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    IS(0, futex(file, LOCK, 0, NULL));
    FAILS(EDEADLK, futex(read_only, LOCK | PRIVATE, 0, NULL));
    IS(0, futex(file, UNLOCK, 0, NULL));
    FAILS(EFAULT, futex(file + PAGE / 4, LOCK, 0, NULL));
}

static void owners(void) {
    word = 4000000;  // no such thread
    FAILS(ESRCH, futex(&word, LOCK, 0, NULL));
    SAY("%x", word);
    word = 4000000;
    FAILS(ESRCH, futex(&word, TRYLOCK, 0, NULL));
    SAY("%x", word);
    word = 0x3fffffff;
    FAILS(ESRCH, futex(&word, LOCK, 0, NULL));
    word = 4000000 | DIED;
    FAILS(ESRCH, futex(&word, LOCK, 0, NULL));
    SAY("%x", word);
    // A process that has ended and was not waited for.
    const pid_t child = OK(fork());
    if (child == 0) _exit(0);
    siginfo_t info;
    OK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT));
    word = (uint32_t)child;
    FAILS(ESRCH, futex(&word, LOCK, 0, NULL));
    OK(waitpid(child, NULL, 0));
    // Another process, that knows nothing of it.
    const pid_t parent = getpid();
    CHILD("exit 0", {
        struct timespec soon = after_ms(CLOCK_REALTIME, 10);
        word = (uint32_t)parent;
        FAILS(EAGAIN, futex(&word, TRYLOCK, 0, NULL));
        SAY("%s", named(word));
        FAILS(ETIMEDOUT, futex(&word, LOCK, 0, &soon));
        SAY("%s", named(word));
        FAILS(EPERM, futex(&word, UNLOCK, 0, NULL));
    });
}

static void clocks(void) {
    struct timespec bad = {0, 1000000000}, negative = {-1, 0}, past = {1, 0};
    word = 0;
    FAILS(EFAULT, futex(&word, LOCK, 0, (void*)8));
    FAILS(EINVAL, futex(&word, LOCK, 0, &bad));
    FAILS(EINVAL, futex(&word, LOCK2, 0, &negative));
    FAILS(ENOSYS, futex(&word, LOCK | REALTIME, 0, NULL));
    FAILS(ENOSYS, futex(&word, TRYLOCK | REALTIME, 0, NULL));
    FAILS(ENOSYS, futex(&word, UNLOCK | REALTIME, 0, NULL));
    IS(0, futex(&word, LOCK2 | REALTIME, 0, NULL));
    IS(0, futex(&word, UNLOCK, 0, (void*)8));
    const uint32_t parent = tid();
    CHILD("exit 0", {
        word = parent;
        FAILS(ETIMEDOUT, futex(&word, LOCK, 0, &past));
        FAILS(ETIMEDOUT, futex(&word, LOCK2, 0, &past));
        FAILS(ETIMEDOUT, futex(&word, LOCK2 | REALTIME, 0, &past));
        struct timespec monotonic = after_ms(CLOCK_MONOTONIC, 20), real = after_ms(CLOCK_REALTIME, 20);
        FAILS(ETIMEDOUT, futex(&word, LOCK2 | PRIVATE, 0, &monotonic));
        monotonic = after_ms(CLOCK_MONOTONIC, 0);
        FAILS(ETIMEDOUT, futex(&word, LOCK | PRIVATE, 0, &monotonic));  // long ago in real time
        real = after_ms(CLOCK_REALTIME, 20);
        FAILS(ETIMEDOUT, futex(&word, LOCK2 | REALTIME, 0, &real));
    });
}

static char stacks[4][65536] __attribute__((aligned(16)));
static volatile int ended[4];
static volatile uint32_t tids[4];
static volatile long results[4];
static volatile int steps;

static void start(int which, int (*body)(void*)) {
    ended[which] = 1, tids[which] = 0;
    OK(clone(body, stacks[which] + sizeof stacks[which], THREAD, (void*)(long)which, NULL, NULL,
             (void*)&ended[which]));
    while (!tids[which]) nap_ms(1);
}
static void join(int which) {
    while (ended[which]) nap_ms(1);
}

static volatile uint32_t seen;
static int takes(void* which) {
    tids[(long)which] = tid();
    errno = 0;
    results[(long)which] = futex(&word, LOCK, 0, NULL) == 0 ? 0 : errno;
    seen = word;
    if (results[(long)which] == 0) futex(&word, UNLOCK, 0, NULL);
    return 0;
}
static int sleeps(void* which) {
    tids[(long)which] = tid();
    syscall(SYS_futex, &word, WAIT, word, NULL, NULL, 0);
    return 0;
}

static void waiters(void) {
    word = 0;
    IS(0, futex(&word, LOCK, 0, NULL));
    start(0, takes);
    nap_ms(20);
    SAY("one waits: %s", named(word));
    const uint32_t right = word;
    // Other operations do not go with it.
    FAILS(EINVAL, futex(&word, WAKE, 1, NULL));
    FAILS(EINVAL, syscall(SYS_futex, &word, REQUEUE, 1, 1, &memory[8], 0));
    FAILS(EINVAL, syscall(SYS_futex, &word, WAKE_OP, 1, 1, &memory[8], 0));
    FAILS(EINVAL, syscall(SYS_futex, &memory[8], WAKE_OP, 1, 1, &word, 0 | 1 << 24));
    // Words that lie.
    word = tids[0] | WAITERS;
    FAILS(EPERM, futex(&word, UNLOCK, 0, NULL));
    word = 4000000 | WAITERS;
    FAILS(EINVAL, futex(&word, LOCK, 0, NULL));
    FAILS(EINVAL, futex(&word, TRYLOCK, 0, NULL));
    word = 0;
    FAILS(EINVAL, futex(&word, LOCK, 0, NULL));
    word = right;
    IS(0, futex(&word, UNLOCK, 0, NULL));
    join(0);
    SAY("the other: %ld, %s%s", results[0], (seen & 0x3fffffff) == tids[0] ? "its own" : "not its own",
        seen & WAITERS ? "+waiters" : "");
    SAY("at the end: %s", named(word));

    // Threads that wait otherwise.
    word = 0;
    start(0, sleeps);
    nap_ms(20);
    FAILS(EINVAL, futex(&word, LOCK, 0, NULL));
    FAILS(EINVAL, futex(&word, TRYLOCK, 0, NULL));
    word = tid();
    FAILS(EINVAL, futex(&word, UNLOCK, 0, NULL));
    word = 0;
    IS(1, futex(&word, WAKE, 1, NULL));
    join(0);
}

static uint32_t chain[4];
static int link_of_chain(void* which) {
    const long n = (long)which;
    futex(&chain[n], LOCK, 0, NULL);
    tids[n] = tid();
    while (steps <= n) nap_ms(1);
    errno = 0;
    results[n] = futex(&chain[n + 1], LOCK, 0, NULL) == 0 ? 0 : errno;
    if (results[n] == 0) futex(&chain[n + 1], UNLOCK, 0, NULL);
    futex(&chain[n], UNLOCK, 0, NULL);
    return 0;
}

static void circles(void) {
    // 0 waits for 1, 1 for 2, 2 for the main thread, which asks for 0.
    steps = 0;
    IS(0, futex(&chain[3], LOCK, 0, NULL));
    for (int i = 0; i < 3; ++i) start(i, link_of_chain);
    for (int i = 3; i > 0; --i) {
        // From the end of the chain to its start, and all at once.
        steps = 3;
        nap_ms(10);
    }
    FAILS(EDEADLK, futex(&chain[0], LOCK, 0, NULL));
    FAILS(EDEADLK, futex(&chain[1], LOCK, 0, NULL));
    FAILS(EAGAIN, futex(&chain[1], TRYLOCK, 0, NULL));
    IS(0, futex(&chain[3], UNLOCK, 0, NULL));
    for (int i = 0; i < 3; ++i) join(i);
    SAY("%ld %ld %ld", results[0], results[1], results[2]);
    SAY("%x %x %x %x", chain[0], chain[1], chain[2], chain[3]);
}

static void note(int signal) { (void)signal; }
static void signals(void) {
    const struct sigaction action = {.sa_handler = note};
    const struct itimerval soon = {.it_value = {0, 20000}};
    const uint32_t parent = tid();
    OK(sigaction(SIGALRM, &action, NULL));
    CHILD("exit 0", {
        struct timespec until = after_ms(CLOCK_REALTIME, 80);
        OK(setitimer(ITIMER_REAL, &soon, NULL));
        word = parent;
        FAILS(ETIMEDOUT, futex(&word, LOCK, 0, &until));  // the signal does not end it, whatever its flags
    });
}

int main(void) {
    memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    alone();
    places();
    owners();
    clocks();
    waiters();
    circles();
    signals();
    FAILS(ENOSYS, syscall(SYS_futex, &word, 2, 0, NULL, NULL, 0));
    FAILS(ENOSYS, syscall(SYS_futex, &word, 14, 0, NULL, NULL, 0));
    return done();
}
