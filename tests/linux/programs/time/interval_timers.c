// setitimer(): repeating, one-shot, the three kinds, and the errnos.
#include "check.h"

static volatile int ran;
static void handler(int signal) { (void)signal, ran++; }

int main(void) {
    handle(SIGALRM, handler, 0), handle(SIGVTALRM, handler, 0), handle(SIGPROF, handler, 0);
    struct itimerval timer = {{0, 20000}, {0, 20000}}, old, off = {{0, 0}, {0, 0}};
    OK(setitimer(ITIMER_REAL, &timer, NULL));
    while (ran < 5) pause();
    OK(getitimer(ITIMER_REAL, &old));
    SAY("interval %ld.%06ld", (long)old.it_interval.tv_sec, (long)old.it_interval.tv_usec);
    OK(setitimer(ITIMER_REAL, &off, &old));
    TRUE(old.it_value.tv_sec == 0 && old.it_value.tv_usec > 0 && old.it_value.tv_usec <= 20000);
    ran = 0;
    nap_ms(50);
    IS(0, ran);
    timer.it_interval.tv_usec = 0;
    setitimer(ITIMER_VIRTUAL, &timer, NULL);
    nap_ms(60);
    IS(0, ran);
    while (ran == 0) continue;
    SAY("virtual time ran out");
    setitimer(ITIMER_PROF, &timer, NULL);
    while (ran == 1) getppid();
    SAY("profiling time ran out");
    FAILS(EINVAL, setitimer(9, &timer, NULL));
    FAILS(EINVAL, getitimer(9, &timer));
    timer.it_value.tv_usec = 1000000;
    FAILS(EINVAL, setitimer(ITIMER_REAL, &timer, NULL));
    FAILS(EFAULT, syscall(SYS_setitimer, ITIMER_REAL, unmapped(), NULL));
    FAILS(EFAULT, syscall(SYS_getitimer, ITIMER_REAL, unmapped()));
    return done();
}
