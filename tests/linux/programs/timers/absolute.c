// Points of time, and what happens to them when the clock is set.
#include "timers.h"

static siginfo_t info;
static long now_ns(int clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000000000 + now.tv_nsec;
}
static void shift_clock(long seconds) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    now.tv_sec += seconds;
    clock_settime(CLOCK_REALTIME, &now);
}

int main(void) {
    int id, clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, CLOCK_TAI};
    block(SIGUSR1);
    for (unsigned i = 0; i < ARRAY_SIZE(clocks); i++) {
        OK(timer_make(clocks[i], SIGEV_SIGNAL, SIGUSR1, i, &id));
        OK(timer_set(id, TIMER_ABSTIME, now_ns(clocks[i]) + 20000000, 0));
        TRUE(left_ns(id) > 0 && left_ns(id) <= 20000000);
        IS(0, take(SIGUSR1, 5, &info));
        IS(SIGUSR1, take(SIGUSR1, 1000, &info));
        OK(timer_set(id, TIMER_ABSTIME, 1, 0));
        IS(SIGUSR1, take(SIGUSR1, 1000, &info));
        OK(timer_end(id));
    }
    for (unsigned i = 0; i < ARRAY_SIZE(clocks); i++)
        for (int absolute = 0; absolute < 2; absolute++) {
            OK(timer_make(clocks[i], SIGEV_SIGNAL, SIGUSR1, i, &id));
            OK(timer_set(id, absolute, (absolute ? now_ns(clocks[i]) : 0) + 50000000000, 0));
            shift_clock(100);
            SAY("clock %d absolute %d: %s after the clock was set", clocks[i], absolute,
                take(SIGUSR1, 30, &info) ? "expired" : "waits");
            shift_clock(-100);
            SAY("left %s", left_ns(id) > 40000000000 ? "the whole" : left_ns(id) == 0 ? "nothing" : "some");
            OK(timer_end(id));
        }
    return done();
}
