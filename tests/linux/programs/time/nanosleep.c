// nanosleep() and clock_nanosleep(): never too short, absolute times, and their errnos.
#include "check.h"

int main(void) {
    struct timespec some = {0, 30000000}, negative = {-1, 0}, big = {0, 1000000000}, now;
    long start = now_ms();
    OK(nanosleep(&some, NULL));
    TRUE(now_ms() - start >= 29);
    start = now_ms();
    for (int i = 0; i < 20; i++) nanosleep(&(struct timespec){0, 1000000}, NULL);
    TRUE(now_ms() - start >= 20);
    OK(nanosleep(&(struct timespec){0, 0}, NULL));
    clock_gettime(CLOCK_MONOTONIC, &now);
    now.tv_nsec += 30000000;
    if (now.tv_nsec >= 1000000000) now.tv_sec++, now.tv_nsec -= 1000000000;
    IS(0, clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &now, NULL));
    struct timespec after;
    clock_gettime(CLOCK_MONOTONIC, &after);
    TRUE(after.tv_sec > now.tv_sec || (after.tv_sec == now.tv_sec && after.tv_nsec >= now.tv_nsec));
    IS(0, clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &(struct timespec){0, 0}, NULL));
    IS(0, clock_nanosleep(CLOCK_REALTIME, 0, &some, NULL));
    IS(0, clock_nanosleep(CLOCK_BOOTTIME, 0, &some, NULL));
    FAILS(EINVAL, nanosleep(&negative, NULL));
    FAILS(EINVAL, nanosleep(&big, NULL));
    FAILS(EFAULT, syscall(SYS_nanosleep, unmapped(), NULL));
    IS(EINVAL, clock_nanosleep(99, 0, &some, NULL));
    IS(EINVAL, clock_nanosleep(CLOCK_THREAD_CPUTIME_ID, 0, &some, NULL));
    FAILS(EFAULT, syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, unmapped(), NULL));
    // The process's own CPU time stands still while it sleeps.
    struct timespec none = {0, 0}, bit = {0, 1000000}, unslept = {7, 7};
    OK(syscall(SYS_clock_nanosleep, CLOCK_PROCESS_CPUTIME_ID, 0, &none, NULL));
    OK(syscall(SYS_clock_nanosleep, CLOCK_PROCESS_CPUTIME_ID, TIMER_ABSTIME, &none, NULL));
    FAILS(EOPNOTSUPP, syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &none, NULL));
    // Clocks by pid: the time is read before the clock is looked at, and a thread's own is none to sleep by.
    const clockid_t own = (clockid_t)(~(unsigned)getpid() << 3 | 2);
    FAILS(EFAULT, syscall(SYS_clock_nanosleep, -1, 0, NULL, NULL));
    FAILS(EINVAL, syscall(SYS_clock_nanosleep, -1, 0, &none, NULL));
    FAILS(EOPNOTSUPP, syscall(SYS_clock_nanosleep, (int)(~5u << 3 | 3), 0, NULL, NULL));
    FAILS(EINVAL, syscall(SYS_clock_nanosleep, (int)(~99999u << 3 | 2), 0, &none, NULL));
    FAILS(EINVAL, syscall(SYS_clock_nanosleep, own | 4, 0, &none, NULL));
    OK(syscall(SYS_clock_nanosleep, own, 0, &none, NULL));
    OK(syscall(SYS_clock_nanosleep, own, TIMER_ABSTIME, &none, NULL));
    FAILS(EINVAL, syscall(SYS_clock_nanosleep, 10, 0, unmapped(), NULL));
    // A virtual CPU that its host has taken off the processor counts as running: not a bit, which may pass before the process sleeps.
    const struct timespec half = {0, 500000000};
    CHILD("SIGALRM", alarm(1); syscall(SYS_clock_nanosleep, CLOCK_PROCESS_CPUTIME_ID, 0, &half, &unslept));
    OK(syscall(SYS_clock_nanosleep, 8, 0, &bit, NULL));
    FAILS(EINVAL, syscall(SYS_clock_nanosleep, 8, 0x20000000, &bit, NULL));
    OK(syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0x20000000, &bit, NULL));
    CHILD("exit 0", become_user(1000, 1000); FAILS(EPERM, syscall(SYS_clock_nanosleep, 9, 0, &bit, NULL)));
    return done();
}
