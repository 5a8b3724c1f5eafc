// A timer's signals in the middle of a computation spoil none of its registers.
#include "check.h"

static volatile int ticks;
static void tick(int signal) {
    (void)signal;
    ticks++;
    volatile double x = ticks;
    x = x * 3 + 1;
}

int main(void) {
    handle(SIGALRM, tick, SA_RESTART);
    struct itimerval timer = {{0, 1000}, {0, 1000}};
    setitimer(ITIMER_REAL, &timer, NULL);
    unsigned long hash = 1;
    double sum = 0;
    for (unsigned long i = 1; i <= 6000000; i++) {
        hash = (hash ^ i) * 0x100000001b3ul;
        sum += 1.0 / i;
    }
    TRUE(ticks > 3);
    SAY("%lx %.9f", hash, sum);
    return done();
}
