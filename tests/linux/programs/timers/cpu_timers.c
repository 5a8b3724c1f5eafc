// Timers on CPU clocks: of the process, of a thread, of another process.
// limit: 40
#include "timers.h"

static siginfo_t info;
static int id;

int main(void) {
    block(SIGUSR1);
    int clocks[] = {CLOCK_PROCESS_CPUTIME_ID,      CLOCK_THREAD_CPUTIME_ID,       PROCESS_CLOCK(0, PROF),
                    PROCESS_CLOCK(0, VIRT),        THREAD_CLOCK(0, PROF),         THREAD_CLOCK(0, VIRT),
                    THREAD_CLOCK(getpid(), SCHED), PROCESS_CLOCK(getpid(), SCHED)};
    for (unsigned i = 0; i < ARRAY_SIZE(clocks); i++) {
        OK(timer_make(clocks[i], SIGEV_SIGNAL, SIGUSR1, i, &id));
        OK(timer_set(id, 0, 30000000, 0));
        IS(0, take(SIGUSR1, 60, &info));
        TRUE(left_ns(id) > 0 && left_ns(id) <= 30000000);
        long start = now_ms();
        while (!take(SIGUSR1, 0, &info) && now_ms() - start < 5000)
            for (volatile int spin = 0; spin < 100000; spin++) continue;
        SAY("%u: signal %d code %d value %d", i, info.si_signo, info.si_code, info.si_value.sival_int);
        IS(0, left_ns(id));
        IS(0, info.si_overrun);
        // A point that has passed.
        burn_ms(5);
        OK(timer_set(id, TIMER_ABSTIME, 1, 0));
        IS(SIGUSR1, take(SIGUSR1, 100, &info));
        OK(timer_set(id, TIMER_ABSTIME, 1, 1000000));
        IS(SIGUSR1, take(SIGUSR1, 100, &info));
        SAY("overruns %s", info.si_overrun > 2 ? "some" : "none");
        OK(timer_set(id, 0, 0, 5000000));
        struct itimerspec now;
        OK(syscall(SYS_timer_gettime, id, &now));
        SAY("off: %ld %ld", now.it_interval.tv_nsec, now.it_value.tv_nsec);
        OK(timer_end(id));
    }
    OK(timer_make(CLOCK_PROCESS_CPUTIME_ID, SIGEV_SIGNAL, SIGUSR1, 0, &id));
    OK(timer_set(id, 0, 20000000, 20000000));
    burn_ms(150);
    IS(SIGUSR1, take(SIGUSR1, 0, &info));
    TRUE(info.si_overrun >= 3 && info.si_overrun <= 7);
    burn_ms(60);
    IS(SIGUSR1, take(SIGUSR1, 0, &info));
    OK(timer_end(id));
    OK(timer_make(CLOCK_PROCESS_CPUTIME_ID, SIGEV_NONE, SIGUSR1, 0, &id));
    OK(timer_set(id, 0, 20000000, 0));
    TRUE(left_ns(id) > 0);
    burn_ms(60);
    IS(0, left_ns(id));
    OK(timer_end(id));
    // Another process.
    pid_t child = SPAWN({
        for (;;) continue;
    });
    OK(timer_make(PROCESS_CLOCK(child, SCHED), SIGEV_SIGNAL, SIGUSR1, 5, &id));
    OK(timer_set(id, 0, 50000000, 0));
    IS(SIGUSR1, take(SIGUSR1, 5000, &info));
    SAY("value %d", info.si_value.sival_int);
    OK(timer_set(id, 0, 10000000000, 0));
    TRUE(left_ns(id) > 0);
    kill(child, SIGKILL);
    nap_ms(20);
    TRUE(left_ns(id) > 0);
    check_end(child, "SIGKILL");
    FAILS(ESRCH, timer_set(id, 0, 10000000, 0));
    struct itimerspec now = {{1, 1}, {1, 1}};
    OK(syscall(SYS_timer_gettime, id, &now));
    SAY("%ld %ld", (long)now.it_interval.tv_sec, (long)now.it_value.tv_sec);
    OK(timer_end(id));
    return done();
}
