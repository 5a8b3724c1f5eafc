// timer_create: which clocks have timers, which kinds of notification there are, numbers, errnos and their order; the other calls'
// errnos.
#include "timers.h"

static int id;

static void clocks(void) {
    for (int clock = 0; clock < 13; clock++) {
        int got = timer_make(clock, SIGEV_SIGNAL, SIGUSR1, 0, &id);
        SAY("clock %d: %s", clock, got ? error_name(errno) : "a timer");
        if (got == 0) timer_end(id);
    }
    FAILS(EINVAL, timer_make(1000, SIGEV_SIGNAL, SIGUSR1, 0, &id));
    FAILS(EOPNOTSUPP, timer_make(PROCESS_CLOCK(3, 3), SIGEV_SIGNAL, SIGUSR1, 0, &id));
    for (int kind = 0; kind < 3; kind++) {
        OK(timer_make(PROCESS_CLOCK(0, kind), SIGEV_SIGNAL, SIGUSR1, 0, &id));
        OK(timer_make(THREAD_CLOCK(0, kind), SIGEV_SIGNAL, SIGUSR1, 0, &id));
        OK(timer_make(PROCESS_CLOCK(getpid(), kind), SIGEV_SIGNAL, SIGUSR1, 0, &id));
        OK(timer_make(THREAD_CLOCK(getpid(), kind), SIGEV_SIGNAL, SIGUSR1, 0, &id));
        OK(timer_make(PROCESS_CLOCK(getppid(), kind), SIGEV_SIGNAL, SIGUSR1, 0, &id));
        FAILS(EINVAL, timer_make(THREAD_CLOCK(getppid(), kind), SIGEV_SIGNAL, SIGUSR1, 0, &id));
        FAILS(EINVAL, timer_make(PROCESS_CLOCK(99999, kind), SIGEV_SIGNAL, SIGUSR1, 0, &id));
    }
}

static void notifications(void) {
    for (int notify = 0; notify < 9; notify++)
        for (int signal = -1; signal <= 65; signal += 1 + 32 * (signal > 0)) {
            int got = timer_make(CLOCK_MONOTONIC, notify, signal, 0, &id);
            SAY("notify %d signal %d: %s", notify, signal, got ? error_name(errno) : "a timer");
        }
    struct event event = {.signal = SIGUSR1, .notify = SIGEV_THREAD_ID, .tid = getppid()};
    FAILS(EINVAL, syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
    event.tid = 0;
    FAILS(EINVAL, syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
    event.tid = -1;
    FAILS(EINVAL, syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
}

int main(void) {
    CHILD("exit 0", {
        for (int i = 0; i < 3; i++) {
            OK(timer_make(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, &id));
            SAY("number %d", id);
        }
        OK(timer_end(1));
        FAILS(EINVAL, timer_end(1));
        OK(timer_make(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, &id));
        SAY("number %d", id);
        // The number is told before the clock is looked for, and used up.
        id = -7;
        FAILS(EINVAL, timer_make(PROCESS_CLOCK(99999, SCHED), SIGEV_NONE, 0, 0, &id));
        SAY("number %d", id);
        id = -7;
        FAILS(EINVAL, timer_make(CLOCK_MONOTONIC, 3, 0, 0, &id));
        SAY("number %d", id);
        FAILS(EFAULT, syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, unmapped()));
        FAILS(EFAULT, syscall(SYS_timer_create, CLOCK_MONOTONIC, unmapped(), &id));
        FAILS(EFAULT, syscall(SYS_timer_create, 1000, unmapped(), &id));
        FAILS(EINVAL, syscall(SYS_timer_create, 1000, NULL, unmapped()));
        OK(timer_make(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, &id));
        SAY("number %d", id);
        // A child has none, and its numbers begin anew.
        CHILD("exit 0", {
            FAILS(EINVAL, timer_end(0));
            OK(timer_make(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, &id));
            SAY("number %d", id);
        });
    });
    clocks();
    notifications();
    CHILD("exit 0", {
        become_user(1234, 1234);
        FAILS(EPERM, timer_make(CLOCK_REALTIME_ALARM, SIGEV_SIGNAL, SIGUSR1, 0, &id));
        FAILS(EPERM, timer_make(CLOCK_BOOTTIME_ALARM, SIGEV_SIGNAL, SIGUSR1, 0, &id));
        struct rlimit limit = {3, 3};
        OK(setrlimit(RLIMIT_SIGPENDING, &limit));
        for (int i = 0; i < 3; i++) OK(timer_make(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, &id));
        int last = id;
        FAILS(EAGAIN, timer_make(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, &id));
        FAILS(EAGAIN, timer_make(CLOCK_MONOTONIC, 77, 0, 0, &id));
        FAILS(EINVAL, timer_make(1000, SIGEV_NONE, 0, 0, &id));
        OK(timer_end(last));
        OK(timer_make(CLOCK_MONOTONIC, SIGEV_NONE, 0, 0, &id));
        FAILS(EAGAIN, sigqueue(getpid(), 40, (union sigval){0}));
    });
    struct itimerspec value = {{0, 0}, {1, 0}};
    OK(timer_make(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGUSR1, 0, &id));
    FAILS(EINVAL, syscall(SYS_timer_settime, id, 0, NULL, NULL));
    FAILS(EFAULT, syscall(SYS_timer_settime, id, 0, unmapped(), NULL));
    FAILS(EFAULT, syscall(SYS_timer_settime, 12345, 0, unmapped(), NULL));
    FAILS(EINVAL, syscall(SYS_timer_settime, 12345, 0, &value, NULL));
    FAILS(EINVAL, syscall(SYS_timer_settime, -1, 0, &value, NULL));
    OK(syscall(SYS_timer_settime, id, ~1u, &value, NULL));
    FAILS(EFAULT, syscall(SYS_timer_settime, id, 0, &value, unmapped()));
    TRUE(left_ns(id) > 900000000);
    value.it_value.tv_nsec = 1000000000;
    FAILS(EINVAL, syscall(SYS_timer_settime, id, 0, &value, NULL));
    value.it_value.tv_nsec = 0, value.it_value.tv_sec = -1;
    FAILS(EINVAL, syscall(SYS_timer_settime, id, 0, &value, NULL));
    value.it_value.tv_sec = 1, value.it_interval.tv_nsec = -1;
    FAILS(EINVAL, syscall(SYS_timer_settime, id, 0, &value, NULL));
    FAILS(EFAULT, syscall(SYS_timer_gettime, id, unmapped()));
    FAILS(EINVAL, syscall(SYS_timer_gettime, 12345, &value));
    FAILS(EINVAL, syscall(SYS_timer_gettime, 12345, unmapped()));
    FAILS(EINVAL, timer_overrun(12345));
    IS(0, timer_overrun(id));
    // The longest times.
    value = (struct itimerspec){{LONG_MAX, 0}, {LONG_MAX, 999999999}};
    OK(syscall(SYS_timer_settime, id, 0, &value, NULL));
    OK(syscall(SYS_timer_gettime, id, &value));
    SAY("interval %ld.%09ld, more than 200 years left: %d", (long)value.it_interval.tv_sec,
        value.it_interval.tv_nsec, value.it_value.tv_sec > 200L * 365 * 86400);
    value.it_value.tv_sec = value.it_value.tv_nsec = 0;
    OK(syscall(SYS_timer_settime, id, 0, &value, NULL));
    OK(syscall(SYS_timer_gettime, id, &value));
    SAY("off: %ld %ld %ld", (long)value.it_interval.tv_sec, (long)value.it_value.tv_sec,
        value.it_value.tv_nsec);
    return done();
}
