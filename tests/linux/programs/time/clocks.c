// Which clocks there are; they advance, never backwards, and their errnos.
#include "check.h"

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
    return done();
}
