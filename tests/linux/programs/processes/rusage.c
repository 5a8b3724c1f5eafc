// wait4() and getrusage() count the time and the faults of children.
#include "check.h"

int main(void) {
    struct rusage usage;
    int status;
    memset(&usage, 0xff, sizeof usage);
    pid_t child = SPAWN({
        char* p = anonymous(256 * PAGE);
        memset(p, 1, 256 * PAGE);
        for (volatile long i = 0; i < 30000000; i++) continue;
    });
    TRUE(wait4(child, &status, 0, &usage) == child);
    long ms = usage.ru_utime.tv_sec * 1000 + usage.ru_utime.tv_usec / 1000;
    TRUE(ms > 0 && ms < 60000);
    TRUE(usage.ru_minflt >= 256);
    TRUE(usage.ru_maxrss >= 1024);
    OK(getrusage(RUSAGE_CHILDREN, &usage));
    TRUE(usage.ru_minflt >= 256);
    OK(getrusage(RUSAGE_SELF, &usage));
    TRUE(usage.ru_minflt > 0);
    OK(getrusage(RUSAGE_THREAD, &usage));
    FAILS(EINVAL, getrusage(5, &usage));
    FAILS(EFAULT, getrusage(RUSAGE_SELF, unmapped()));
    struct tms times_;
    OK(times(&times_));
    TRUE(times_.tms_cutime > 0);
    FAILS(EFAULT, syscall(SYS_times, unmapped()));
    child = SPAWN(_exit(0));
    FAILS(EFAULT, wait4(child, &status, 0, unmapped()));
    return done();
}
