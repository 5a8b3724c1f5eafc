// CPU clocks by number: of processes and threads, reading, resolution, setting, sleeping.
// limit: 40
#include <pthread.h>
#include "timers.h"

static volatile int tid, ends;
static struct timespec t;
static void* spin(void* argument) {
    tid = syscall(SYS_gettid);
    while (!ends) continue;
    return argument;
}
static long read_ns(int clock) {
    struct timespec now = {-1, 0};
    if (syscall(SYS_clock_gettime, clock, &now) != 0) return -1;
    return now.tv_sec * 1000000000 + now.tv_nsec;
}
static int sleep_by(int clock, int flags, long ns) {
    struct timespec wanted = {ns / 1000000000, ns % 1000000000};
    return syscall(SYS_clock_nanosleep, clock, flags, &wanted, NULL);
}
static void nothing(int signal) { (void)signal; }

int main(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, spin, NULL);
    while (tid == 0) usleep(1000);
    for (int kind = 0; kind < 3; kind++) {
        TRUE(read_ns(THREAD_CLOCK(tid, kind)) >= 0);
        TRUE(read_ns(THREAD_CLOCK(0, kind)) >= 0);
        TRUE(read_ns(PROCESS_CLOCK(0, kind)) >= 0);
        TRUE(read_ns(PROCESS_CLOCK(1, kind)) >= 0);
        FAILS(EINVAL, read_ns(PROCESS_CLOCK(tid, kind)));
        FAILS(EINVAL, read_ns(THREAD_CLOCK(1, kind)));
        FAILS(EINVAL, read_ns(THREAD_CLOCK(99999, kind)));
        OK(syscall(SYS_clock_getres, THREAD_CLOCK(tid, kind), &t));
        SAY("resolution %ld", t.tv_nsec);
        OK(syscall(SYS_clock_getres, PROCESS_CLOCK(1, kind), NULL));
        FAILS(EINVAL, syscall(SYS_clock_getres, PROCESS_CLOCK(tid, kind), &t));
        FAILS(EPERM, syscall(SYS_clock_settime, THREAD_CLOCK(tid, kind), &t));
        FAILS(EINVAL, syscall(SYS_clock_settime, THREAD_CLOCK(1, kind), &t));
    }
    FAILS(EINVAL, read_ns(PROCESS_CLOCK(0, 3)));
    long before = read_ns(THREAD_CLOCK(tid, SCHED)), own = read_ns(CLOCK_THREAD_CPUTIME_ID);
    nap_ms(100);
    TRUE(read_ns(THREAD_CLOCK(tid, SCHED)) - before > 20000000);
    TRUE(read_ns(CLOCK_THREAD_CPUTIME_ID) - own < 20000000);
    // Sleeping by another's clock, which runs.
    OK(sleep_by(THREAD_CLOCK(tid, SCHED), 0, 30000000));
    OK(sleep_by(PROCESS_CLOCK(0, SCHED), 0, 30000000));
    OK(sleep_by(CLOCK_PROCESS_CPUTIME_ID, 0, 30000000));
    OK(sleep_by(PROCESS_CLOCK(getpid(), PROF), TIMER_ABSTIME, read_ns(PROCESS_CLOCK(0, PROF)) + 30000000));
    OK(sleep_by(PROCESS_CLOCK(0, SCHED), TIMER_ABSTIME, 1));
    OK(sleep_by(PROCESS_CLOCK(0, SCHED), 0, 0));
    FAILS(EINVAL, sleep_by(THREAD_CLOCK(0, SCHED), 0, 1));
    FAILS(EINVAL, sleep_by(THREAD_CLOCK(getpid(), SCHED), 0, 1));
    FAILS(EINVAL, sleep_by(PROCESS_CLOCK(tid, SCHED), 0, 1));
    FAILS(EINVAL, sleep_by(PROCESS_CLOCK(99999, SCHED), 0, 1));
    FAILS(EOPNOTSUPP, sleep_by(CLOCK_THREAD_CPUTIME_ID, 0, 1));
    struct rusage usage;
    OK(getrusage(RUSAGE_THREAD, &usage));
    SAY("own seconds %ld", usage.ru_utime.tv_sec);
    ends = 1;
    pthread_join(thread, NULL);
    nap_ms(100);
    FAILS(EINVAL, read_ns(THREAD_CLOCK(tid, SCHED)));
    FAILS(EINVAL, sleep_by(THREAD_CLOCK(tid, SCHED), 0, 1));
    // Another process, also when it has ended and until it is waited for.
    pid_t child = SPAWN({
        for (;;) continue;
    });
    OK(sleep_by(PROCESS_CLOCK(child, SCHED), 0, 50000000));
    TRUE(read_ns(PROCESS_CLOCK(child, SCHED)) > 50000000);
    handle(SIGALRM, nothing, 0);
    struct itimerval alarm = {{0, 0}, {0, 20000}};
    setitimer(ITIMER_REAL, &alarm, NULL);
    struct timespec wanted = {100, 0}, left = {0, 0};
    FAILS(EINTR, syscall(SYS_clock_nanosleep, PROCESS_CLOCK(child, SCHED), 0, &wanted, &left));
    TRUE(left.tv_sec == 99);
    kill(child, SIGKILL);
    nap_ms(20);
    TRUE(read_ns(PROCESS_CLOCK(child, SCHED)) > 50000000);
    check_end(child, "SIGKILL");
    FAILS(EINVAL, read_ns(PROCESS_CLOCK(child, SCHED)));
    return done();
}
