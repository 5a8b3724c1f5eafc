// A poll that a signal interrupts writes its events all the same: none.
#include "check.h"

static void nothing(int signal) { (void)signal; }

static void wait_with(struct pollfd* entries, int count) {
    for (int i = 0; i < count; i++) entries[i].revents = 0x55;
    alarm(0);
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 5000}}, NULL);
    FAILS(EINTR, poll(entries, count, 1000));
    for (int i = 0; i < count; i++) SAY("%d: %x", i, entries[i].revents);
    for (int i = 0; i < count; i++) entries[i].revents = 0x55;
    kill(getpid(), SIGUSR1);
    sigset_t set;
    sigemptyset(&set);
    FAILS(EINTR, ppoll(entries, count, &(struct timespec){0, 0}, &set));
    for (int i = 0; i < count; i++) SAY("%d: %x", i, entries[i].revents);
}

int main(void) {
    int ends[2];
    OK(pipe(ends));
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = nothing}, NULL);
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = nothing}, NULL);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    struct pollfd entries[40] = {{-1, POLLIN, 0}, {ends[0], POLLIN, 0}, {-5, 0, 0}};
    for (int i = 3; i < 40; i++) entries[i].fd = -1;
    wait_with(entries, 3);
    wait_with(entries, 40);  // more than a few
    return done();
}
