// Time by the library's way and by the system call agree, whether there is a vDSO or not.
#include "check.h"

int main(void) {
    struct timespec library, call, after;
    int wrong = 0;
    for (int clock = 0; clock <= CLOCK_MONOTONIC; clock++)
        for (int i = 0; i < 100; i++) {
            clock_gettime(clock, &library);
            syscall(SYS_clock_gettime, clock, &call);
            clock_gettime(clock, &after);
            long a = library.tv_sec * 1000000000 + library.tv_nsec,
                 b = call.tv_sec * 1000000000 + call.tv_nsec;
            wrong += a > b || b > after.tv_sec * 1000000000 + after.tv_nsec;
        }
    IS(0, wrong);
    struct timeval day;
    OK(gettimeofday(&day, NULL));
    clock_gettime(CLOCK_REALTIME, &library);
    TRUE(labs(day.tv_sec - library.tv_sec) <= 1);
    TRUE(labs(time(NULL) - library.tv_sec) <= 1);
    return done();
}
