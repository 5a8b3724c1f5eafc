// epoll_wait, epoll_pwait and epoll_pwait2: blocking, timeouts, signals.
#include "check.h"

#include <sys/epoll.h>

static struct epoll_event out[8];
static volatile sig_atomic_t handled;

static void on_signal(int signal) { handled += signal == SIGUSR1; }

static long pwait2(int ep, int most, const struct timespec* timeout, const sigset_t* mask, size_t size) {
    return syscall(SYS_epoll_pwait2, ep, out, most, timeout, mask, size);
}

int main(void) {
    int ep = OK(epoll_create1(0)), counter = OK(eventfd(0, EFD_NONBLOCK));
    struct epoll_event event = {.events = EPOLLIN};
    OK(epoll_ctl(ep, EPOLL_CTL_ADD, counter, &event));
    long start = now_ms();
    IS(0, epoll_wait(ep, out, 8, 50));
    TRUE(now_ms() - start >= 50);
    struct timespec short_time = {0, 40000000};
    start = now_ms();
    IS(0, pwait2(ep, 8, &short_time, NULL, 0));
    TRUE(now_ms() - start >= 40);
    IS(40000000, short_time.tv_nsec);
    struct timespec bad = {0, 1000000000}, negative = {-1, 0}, none = {0, 0};
    FAILS(EINVAL, pwait2(ep, 8, &bad, NULL, 0));
    FAILS(EINVAL, pwait2(ep, 8, &negative, NULL, 0));
    FAILS(EINVAL, pwait2(-1, 0, &bad, unmapped(), 0));
    FAILS(EFAULT, pwait2(-1, 0, unmapped(), NULL, 0));
    IS(0, pwait2(ep, 8, &none, NULL, 0));
    sigset_t empty, usr1, old;
    sigemptyset(&empty);
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    FAILS(EINVAL, pwait2(ep, 8, &none, &empty, 4));
    FAILS(EFAULT, pwait2(ep, 0, &none, unmapped(), 8));
    FAILS(EINVAL, syscall(SYS_epoll_pwait, ep, out, 0, 0, &empty, 8));
    FAILS(EINVAL, syscall(SYS_epoll_pwait, ep, out, 8, 0, &empty, 0));
    IS(0, syscall(SYS_epoll_pwait, ep, out, 8, 0, NULL, 99));

    // A handler ends the wait, with SA_RESTART too.
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    OK(sigaction(SIGUSR1, &action, NULL));
    pid_t self = getpid();
    pid_t child = SPAWN(nap_ms(50); _exit(kill(self, SIGUSR1) == 0 ? 0 : 1));
    FAILS(EINTR, epoll_wait(ep, out, 8, -1));
    check_end(child, "exit 0");
    IS(1, handled);
    // The mask is in force during the wait, and only then.
    OK(sigprocmask(SIG_BLOCK, &usr1, &old));
    OK(raise(SIGUSR1));
    IS(1, handled);
    IS(0, epoll_wait(ep, out, 8, 0));
    FAILS(EINTR, epoll_pwait(ep, out, 8, -1, &empty));
    IS(2, handled);
    OK(raise(SIGUSR1));
    IS(2, handled);
    // What is ready comes before a signal that waits.
    uint64_t one = 1;
    IS(8, write(counter, &one, 8));
    IS(1, epoll_pwait(ep, out, 8, -1, &empty));
    SAY("handled: %d", handled);
    OK(sigprocmask(SIG_SETMASK, &old, NULL));
    SAY("handled: %d", handled);
    IS(8, read(counter, &one, 8));

    // Of two that wait at one epoll, each gets an event; a level stays for both.
    int results[2];
    OK(pipe(results));
    pid_t children[2];
    for (int i = 0; i < 2; ++i)
        children[i] = SPAWN(int n = epoll_wait(ep, out, 8, 2000); _exit(n == 1 ? 0 : 1));
    nap_ms(100);
    IS(8, write(counter, &one, 8));
    for (int i = 0; i < 2; ++i) check_end(children[i], "exit 0");
    // What is added during a wait counts.
    IS(8, read(counter, &one, 8));
    int second = OK(eventfd(1, 0));
    child = SPAWN(nap_ms(50); _exit(epoll_ctl(ep, EPOLL_CTL_ADD, second, &event) == 0 ? 0 : 1));
    IS(1, epoll_wait(ep, out, 8, -1));
    check_end(child, "exit 0");
    return done();
}
