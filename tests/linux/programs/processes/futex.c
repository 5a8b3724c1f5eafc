// Futexes: waiting for a value, waking some, times, and the errnos.
#include "check.h"

enum { WAIT = 0, WAKE = 1, REQUEUE = 3, CMP_REQUEUE = 4, WAKE_OP = 5, WAIT_BITSET = 9, WAKE_BITSET = 10 };
enum { PRIVATE = 128, REALTIME = 256 };

static long futex(void* word, int operation, unsigned value, struct timespec* time) {
    return syscall(SYS_futex, word, operation, value, time, NULL, ~0u);
}

static long futex6(void* word, int operation, unsigned value, long second_value, void* second,
                   unsigned third) {
    return syscall(SYS_futex, word, operation, value, second_value, second, third);
}

// The result of a wake-up. The parent prints it after the woken child has ended: on several CPUs parent and child may print in any order.
static long woken;

// A waiter for some of the bits; it says when it has been woken.
static pid_t waiter(unsigned* word, unsigned bits) {
    const pid_t child = SPAWN(IS(0, futex6(word, WAIT_BITSET, 0, 0, NULL, bits)));
    until_asleep(child);
    return child;
}

// Processes meet at the memory that they share, wherever it lies in each.
static void places(void) {
    const int fd = OK(open("futex", O_RDWR | O_CREAT, 0600));
    OK(ftruncate(fd, 2 * PAGE));
    unsigned* shared = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    unsigned* elsewhere = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, PAGE);
    pid_t child = SPAWN(IS(0, futex(shared + PAGE / 4 + 1, WAIT, 0, NULL)));
    until_asleep(child);
    IS(0, futex(elsewhere, WAKE, 1, NULL));
    IS(0, futex(elsewhere + 1, WAKE | PRIVATE, 1, NULL));  // this address of this process
    woken = futex(elsewhere + 1, WAKE, 1, NULL);
    check_end(child, "exit 0");
    IS(1, woken);
    // Beyond the end of the file.
    unsigned* beyond = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    FAILS(EFAULT, futex(beyond + 3 * PAGE / 4, WAKE, 1, NULL));
    FAILS(EFAULT, futex(beyond + 3 * PAGE / 4, WAIT, 0, NULL));
    unsigned* private = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    IS(0, futex(private, WAKE, 1, NULL));
    private[0] = 1;
    OK(mprotect(private, PAGE, PROT_READ));
    FAILS(EFAULT, futex(private, WAKE, 1, NULL));  // nobody could change it
    FAILS(EAGAIN, futex(private, WAIT | PRIVATE, 0, NULL));
    OK(mprotect(private, PAGE, PROT_NONE));
    FAILS(EFAULT, futex(private, WAIT | PRIVATE, 0, NULL));
    IS(0, futex(private, WAKE | PRIVATE, 1, NULL));  // a private futex is an address
    IS(0, futex(unmapped(), WAKE | PRIVATE, 1, NULL));
    FAILS(EFAULT, futex(unmapped(), WAKE, 1, NULL));
    FAILS(EFAULT, futex(KERNEL_ADDRESS, WAKE | PRIVATE, 1, NULL));
    FAILS(EINVAL, futex((char*)private + 2, WAKE | PRIVATE, 1, NULL));
}

static void bits(unsigned* word) {
    FAILS(EINVAL, futex6(word, WAIT_BITSET, 0, 0, NULL, 0));
    FAILS(EINVAL, futex6(word, WAKE_BITSET, 1, 0, NULL, 0));
    FAILS(EINVAL, futex6((char*)1, WAKE_BITSET, 1, 0, NULL, 0));
    pid_t a = waiter(word, 1), b = waiter(word, 2), c = waiter(word, 3);
    IS(0, futex6(word, WAKE_BITSET, 10, 0, NULL, 4));
    woken = futex6(word, WAKE_BITSET, 1, 0, NULL, 2);
    check_end(b, "exit 0");
    IS(1, woken);
    woken = futex6(word, WAKE_BITSET, 10, 0, NULL, 2);
    check_end(c, "exit 0");
    IS(1, woken);
    woken = futex6(word, WAKE, 0, 0, NULL, 0);  // none is one
    check_end(a, "exit 0");
    IS(1, woken);
}

static void requeues(unsigned* word) {
    FAILS(EINVAL, futex6(word, REQUEUE, -1, 0, word + 1, 0));
    FAILS(EINVAL, futex6(word, REQUEUE, 0, -1, word + 1, 0));
    FAILS(EAGAIN, futex6(word, CMP_REQUEUE, 1, 1, word + 1, 7));
    FAILS(EFAULT, futex6(word, REQUEUE, 1, 1, unmapped(), 0));
    pid_t a = waiter(word, ~0u), b = waiter(word, ~0u), c = waiter(word, ~0u);
    woken = futex6(word, CMP_REQUEUE, 1, 1, word + 1, 0);
    check_end(a, "exit 0");
    IS(2, woken);
    woken = futex(word + 1, WAKE, 10, NULL);
    check_end(b, "exit 0");
    IS(1, woken);
    IS(1, futex6(word, REQUEUE, 0, 5, word + 600, 0));  // the next page
    IS(0, futex(word, WAKE, 10, NULL));
    woken = futex(word + 600, WAKE, 10, NULL);
    check_end(c, "exit 0");
    IS(1, woken);
}

static void operations(unsigned* word) {
#define OPERATION(op, argument, comparison, with)                                                 \
    ((unsigned)(op) << 28 | (unsigned)(comparison) << 24 | ((unsigned)(argument) & 0xfff) << 12 | \
     ((unsigned)(with) & 0xfff))
    static const unsigned EACH[] = {OPERATION(0, 5, 0, 0),  OPERATION(1, -2, 1, 5), OPERATION(2, 12, 2, 100),
                                    OPERATION(3, 4, 3, 15), OPERATION(4, 3, 4, -1), OPERATION(8, 4, 5, 1),
                                    OPERATION(10, 35, 0, 0)};
    word[0] = word[1] = 0;
    for (unsigned i = 0; i < ARRAY_SIZE(EACH); i++)
        SAY("%d, word %x", (int)futex6(word, WAKE_OP, 1, 1, word + 1, EACH[i]), word[1]);
    FAILS(ENOSYS, futex6(word, WAKE_OP, 1, 1, word + 1, OPERATION(5, 1, 0, 0)));
    FAILS(ENOSYS, futex6(word, WAKE_OP, 1, 1, word + 1, OPERATION(0, 9, 7, 0)));
    SAY("changed all the same: %x", word[1]);
    FAILS(EFAULT, futex6(word, WAKE_OP, 1, 1, unmapped(), OPERATION(0, 9, 0, 0)));
    word[1] = 0;
    // They say nothing, because both are woken at once.
    pid_t a = SPAWN(if (futex(word, WAIT, 0, NULL) != 0) _exit(1)),
          b = SPAWN(if (futex(word + 1, WAIT, 0, NULL) != 0) _exit(1));
    until_asleep(a), until_asleep(b);
    IS(2, futex6(word, WAKE_OP, 1, 1, word + 1, OPERATION(0, 9, 0, 0)));
    check_end(a, "exit 0"), check_end(b, "exit 0");
    SAY("%x", word[1]);
}

static void on_signal(int signal) { (void)signal; }

// A wait with an end is continued after a stop; a handler ends it, and one without an end is made again.
static void interruptions(unsigned* word) {
    struct sigaction action = {.sa_handler = on_signal};
    pid_t child = SPAWN(struct timespec end = {0, 80000000}; FAILS(ETIMEDOUT, futex(word, WAIT, 0, &end)));
    nap_ms(20);
    kill(child, SIGSTOP), nap_ms(10), kill(child, SIGCONT);
    check_end(child, "exit 0");
    OK(sigaction(SIGUSR1, &action, NULL));
    child = SPAWN(struct timespec end = {5, 0}; FAILS(EINTR, futex(word, WAIT, 0, &end));
                  FAILS(EINTR, futex(word, WAIT, 0, NULL)));
    for (int i = 0; i < 2; i++) nap_ms(20), until_asleep(child), kill(child, SIGUSR1);
    check_end(child, "exit 0");
    action.sa_flags = SA_RESTART;
    OK(sigaction(SIGUSR1, &action, NULL));
    child = SPAWN(struct timespec end = {5, 0}; FAILS(EINTR, futex(word, WAIT, 0, &end));
                  IS(0, futex(word, WAIT, 0, NULL)));
    for (int i = 0; i < 2; i++) nap_ms(20), until_asleep(child), kill(child, SIGUSR1);
    nap_ms(20), until_asleep(child);
    woken = futex(word, WAKE, 1, NULL);
    check_end(child, "exit 0");
    IS(1, woken);
}

int main(void) {
    unsigned* word = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct timespec soon = {0, 20000000}, wrong = {0, -1};
    FAILS(EAGAIN, futex(word, WAIT, 5, NULL));
    FAILS(ETIMEDOUT, futex(word, WAIT, 0, &soon));
    FAILS(ETIMEDOUT, futex(word, WAIT | PRIVATE, 0, &soon));
    FAILS(EINVAL, futex(word, WAIT, 0, &wrong));
    FAILS(EINVAL, futex((char*)word + 1, WAIT, 0, NULL));
    FAILS(EFAULT, futex(unmapped(), WAIT, 0, NULL));
    FAILS(ENOSYS, futex(word, 77, 0, NULL));
    IS(0, futex(word, WAKE, 1, NULL));
    pid_t a = SPAWN(IS(0, futex(word, WAIT, 0, NULL)));
    until_asleep(a);
    pid_t b = SPAWN(IS(0, futex(word, WAIT, 0, NULL)));
    until_asleep(b);
    woken = futex(word, WAKE, 1, NULL);
    check_end(a, "exit 0");
    IS(1, woken);
    woken = futex(word, WAKE, 10, NULL);
    check_end(b, "exit 0");
    IS(1, woken);
    struct timespec absolute;
    clock_gettime(CLOCK_MONOTONIC, &absolute);
    FAILS(ETIMEDOUT, futex(word, WAIT_BITSET | PRIVATE, 0, &absolute));
    clock_gettime(CLOCK_REALTIME, &absolute);
    FAILS(ETIMEDOUT, futex(word, WAIT_BITSET | REALTIME, 0, &absolute));
    FAILS(ENOSYS, futex(word, WAIT | REALTIME, 0, &absolute));
    FAILS(EINVAL, futex(word, WAIT | REALTIME, 0, &wrong));
    FAILS(EFAULT, futex(word, WAIT, 0, unmapped()));
    FAILS(EFAULT, futex(word, WAIT_BITSET, 5, unmapped()));
    FAILS(ENOSYS, futex(word, 2, 0, NULL));
    places();
    bits(word);
    requeues(word);
    interruptions(word);
    operations(word);
    return done();
}
