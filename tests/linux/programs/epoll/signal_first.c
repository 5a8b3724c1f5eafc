// A signal that waits and the mask of the call lets through comes before a time that is over at once, but not before no time at all.
#include <sys/epoll.h>

#include "check.h"

static volatile int caught;
static void note(int number) { caught = number; }

int main(void) {
    const int epoll = epoll_create1(0);
    struct epoll_event event;
    sigset_t usr1, none;
    sigemptyset(&none);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    signal(SIGUSR1, note);
    OK(sigprocmask(SIG_BLOCK, &usr1, NULL));
    const struct timespec times[3] = {{0, 1}, {0, 1000000}, {0, 0}};
    for (int i = 0; i < 2; i++) {
        OK(raise(SIGUSR1));
        FAILS(EINTR, syscall(SYS_epoll_pwait2, epoll, &event, 1, &times[i], &none, 8));
        IS(SIGUSR1, caught);
        caught = 0;
    }
    OK(raise(SIGUSR1));
    IS(0, syscall(SYS_epoll_pwait2, epoll, &event, 1, &times[2], &none, 8));
    SAY("without a time: caught %d", caught);
    FAILS(EINTR, syscall(SYS_epoll_pwait2, epoll, &event, 1, &times[0], &none, 8));
    return done();
}
