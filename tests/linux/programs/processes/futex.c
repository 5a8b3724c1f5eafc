// Futexes: waiting for a value, waking some, times, and the errnos.
#include "check.h"

enum { WAIT = 0, WAKE = 1, WAIT_BITSET = 9, PRIVATE = 128 };

static long futex(void* word, int operation, unsigned value, struct timespec* time) {
    return syscall(SYS_futex, word, operation, value, time, NULL, ~0u);
}

int main(void) {
    unsigned* word = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct timespec soon = {0, 20000000}, wrong = {0, -1};
    FAILS(EAGAIN, futex(word, WAIT, 5, NULL));
    FAILS(ETIMEDOUT, futex(word, WAIT, 0, &soon));
    FAILS(ETIMEDOUT, futex(word, WAIT | PRIVATE, 0, &soon));
    FAILS(EINVAL, futex(word, WAIT, 0, &wrong));
    FAILS(EINVAL, futex((char*)word + 1, WAIT, 0, NULL));
    FAILS(EFAULT, futex(unmapped(), WAIT, 0, NULL));
    FAILS(ENOSYS, futex(word, 77, 0, NULL));
    IS(0, futex(word, WAKE, 1, NULL));
    pid_t a = SPAWN(IS(0, futex(word, WAIT, 0, NULL))), b = SPAWN(IS(0, futex(word, WAIT, 0, NULL)));
    nap_ms(40);
    IS(1, futex(word, WAKE, 1, NULL));
    nap_ms(20);
    IS(1, futex(word, WAKE, 10, NULL));
    check_end(a, "exit 0"), check_end(b, "exit 0");
    struct timespec absolute;
    clock_gettime(CLOCK_MONOTONIC, &absolute);
    FAILS(ETIMEDOUT, futex(word, WAIT_BITSET | PRIVATE, 0, &absolute));
    return done();
}
