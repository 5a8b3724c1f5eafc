// ppoll() and pselect(): a mask for the wait alone.
#include "check.h"

static volatile int ran;
static void handler(int signal) { ran = signal; }

int main(void) {
    sigset_t block = set_of(SIGUSR1), none = set_of(0);
    int ends[2];
    pipe(ends);
    handle(SIGUSR1, handler, 0);
    sigprocmask(SIG_BLOCK, &block, NULL);
    raise(SIGUSR1);
    struct pollfd p = {ends[0], POLLIN, 0};
    struct timespec ten = {10, 0}, zero = {0, 0}, wrong = {0, -1};
    IS(0, ppoll(&p, 1, &zero, NULL));
    IS(0, ran);
    FAILS(EINTR, ppoll(&p, 1, &ten, &none));
    IS(SIGUSR1, ran);
    raise(SIGUSR1);
    ran = 0;
    fd_set set;
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    FAILS(EINTR, pselect(ends[0] + 1, &set, NULL, NULL, &ten, &none));
    IS(SIGUSR1, ran);
    write(ends[1], "x", 1);
    raise(SIGUSR1);
    ran = 0;
    IS(1, ppoll(&p, 1, &ten, &none));
    SAY("with something ready the signal waits: %d", ran);
    FAILS(EINVAL, syscall(SYS_ppoll, &p, 1, &wrong, NULL, 8));
    FAILS(EINVAL, syscall(SYS_ppoll, &p, 1, &ten, &none, 4));
    FAILS(EFAULT, syscall(SYS_ppoll, &p, 1, &ten, unmapped(), 8));
    FAILS(EFAULT, syscall(SYS_ppoll, &p, 1, unmapped(), NULL, 8));
    sigprocmask(SIG_BLOCK, NULL, &none);
    IS(1, sigismember(&none, SIGUSR1));
    return done();
}
