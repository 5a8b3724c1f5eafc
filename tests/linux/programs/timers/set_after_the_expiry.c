// The signal of a timer that has expired is there, whatever the next call does with the timer. Nothing that the kernel does later in a thread
// may run in between: this one has the highest priority.
#include <sched.h>
#include <sys/time.h>
#include "timers.h"

static int id;
static siginfo_t info;

static void wait_for_expiry(void) {
    const long start = now_ms();
    while (now_ms() - start < 10) continue;
}
static void make_and_wait(void) {
    OK(timer_make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 7, &id));
    OK(timer_set(id, 0, 1000000, 0));
    wait_for_expiry();
}
static void start_and_wait(void) {
    OK(setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 1000}}, NULL));
    wait_for_expiry();
}

int main(void) {
    block(SIGALRM), block(SIGUSR1);
    const struct sched_param highest = {.sched_priority = 99};
    OK(syscall(SYS_sched_setscheduler, 0, SCHED_FIFO, &highest));
    make_and_wait();
    OK(timer_end(id));
    IS(SIGUSR1, take(SIGUSR1, 0, &info));
    make_and_wait();
    OK(timer_set(id, 0, 0, 0));
    IS(SIGUSR1, take(SIGUSR1, 0, &info));
    SAY("value %d", info.si_value.sival_int);
    make_and_wait();
    IS(0, left_ns(id));
    IS(SIGUSR1, take(SIGUSR1, 0, &info));
    make_and_wait();
    OK(timer_set(id, 0, 1000000000, 0));
    IS(SIGUSR1, take(SIGUSR1, 0, &info));

    start_and_wait();
    struct itimerval now, none = {0};
    OK(setitimer(ITIMER_REAL, &none, &now));
    IS(0, now.it_value.tv_sec), IS(0, now.it_value.tv_usec);
    IS(SIGALRM, take(SIGALRM, 0, &info));
    start_and_wait();
    IS(0, alarm(0));
    IS(SIGALRM, take(SIGALRM, 0, &info));
    start_and_wait();
    OK(getitimer(ITIMER_REAL, &now));
    IS(0, now.it_value.tv_sec), IS(0, now.it_value.tv_usec);
    IS(SIGALRM, take(SIGALRM, 0, &info));
    return done();
}
