// Which clocks there are; they advance, never backwards, and their errnos.
#include "check.h"

// clock_getcpuclockid(3), whose number any program may make.
#define CPU_CLOCK(pid, kind) ((clockid_t)(~(unsigned)(pid) << 3 | (kind)))

int main(void) {
    const struct {
        int clock;
        const char* name;
    } clocks[] = {{CLOCK_REALTIME, "REALTIME"},
                  {CLOCK_MONOTONIC, "MONOTONIC"},
                  {CLOCK_PROCESS_CPUTIME_ID, "PROCESS_CPUTIME"},
                  {CLOCK_THREAD_CPUTIME_ID, "THREAD_CPUTIME"},
                  {CLOCK_MONOTONIC_RAW, "MONOTONIC_RAW"},
                  {CLOCK_REALTIME_COARSE, "REALTIME_COARSE"},
                  {CLOCK_MONOTONIC_COARSE, "MONOTONIC_COARSE"},
                  {CLOCK_BOOTTIME, "BOOTTIME"},
                  {CLOCK_TAI, "TAI"}};
    struct timespec first, second, resolution;
    for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
        int wrong = 0;
        if (clock_gettime(clocks[i].clock, &first) != 0) {
            SAY("%s: %s", clocks[i].name, error_name(errno));
            continue;
        }
        for (int k = 0; k < 200; k++) {
            clock_gettime(clocks[i].clock, &second);
            wrong += second.tv_sec < first.tv_sec ||
                     (second.tv_sec == first.tv_sec && second.tv_nsec < first.tv_nsec);
            wrong += second.tv_nsec < 0 || second.tv_nsec >= 1000000000;
            first = second;
        }
        clock_getres(clocks[i].clock, &resolution);
        SAY("%s: wrong %d, resolution %s", clocks[i].name, wrong,
            resolution.tv_sec == 0 && resolution.tv_nsec == 1 ? "1 ns" : "coarse");
    }
    FAILS(EINVAL, syscall(SYS_clock_gettime, 99, &first));
    FAILS(EINVAL, syscall(SYS_clock_getres, 99, &first));
    FAILS(EFAULT, syscall(SYS_clock_gettime, CLOCK_MONOTONIC, unmapped()));
    FAILS(EFAULT, syscall(SYS_clock_getres, CLOCK_MONOTONIC, unmapped()));
    OK(clock_getres(CLOCK_MONOTONIC, NULL));
    FAILS(EFAULT, syscall(SYS_gettimeofday, unmapped(), NULL));
    FAILS(EFAULT, syscall(SYS_time, unmapped()));
    TRUE(time(NULL) > 1700000000);
    // CPU time by pid, alarm clocks, and the order of what is wrong.
    clockid_t of_self = CPU_CLOCK(getpid(), 2);
    struct timespec now;
    OK(clock_gettime(of_self, &now));
    OK(clock_getres(of_self, &now));
    SAY("%ld", now.tv_nsec);
    OK(clock_gettime(CPU_CLOCK(getpid(), 6), &now));
    FAILS(EINVAL, clock_gettime(CPU_CLOCK(999999, 2), &now));
    FAILS(EINVAL, clock_gettime(-1, &now));
    CHILD("exit 0", OK(clock_gettime(CPU_CLOCK(getppid(), 2), &now));
          FAILS(EINVAL, clock_gettime(CPU_CLOCK(getppid(), 6), &now)));
    OK(clock_gettime(8, &now));
    OK(clock_gettime(9, &now));
    OK(clock_getres(9, NULL));
    FAILS(EFAULT, syscall(SYS_clock_settime, -1, unmapped()));
    FAILS(EINVAL, syscall(SYS_clock_settime, -1, &now));
    FAILS(EPERM, syscall(SYS_clock_settime, of_self, &now));
    FAILS(EINVAL, syscall(SYS_clock_settime, CLOCK_PROCESS_CPUTIME_ID, unmapped()));
    FAILS(EFAULT, syscall(SYS_clock_adjtime, -1, unmapped()));
    FAILS(EINVAL, syscall(SYS_clock_settime, 10, unmapped()));
    return done();
}
