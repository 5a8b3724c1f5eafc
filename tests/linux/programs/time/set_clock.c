// clock_settime() and settimeofday(): the real time moves, the monotonic does not, and who may.
#include "check.h"

int main(void) {
    struct timespec before, real, mono, mono2;
    clock_gettime(CLOCK_REALTIME, &before), clock_gettime(CLOCK_MONOTONIC, &mono);
    real = (struct timespec){2000000000, 0};
    OK(clock_settime(CLOCK_REALTIME, &real));
    clock_gettime(CLOCK_REALTIME, &real), clock_gettime(CLOCK_MONOTONIC, &mono2);
    TRUE(real.tv_sec == 2000000000 || real.tv_sec == 2000000001);
    TRUE(mono2.tv_sec - mono.tv_sec <= 1);
    struct stat s;
    make_file("file", "", 0600);
    stat("file", &s);
    TRUE(s.st_mtim.tv_sec >= 2000000000);
    OK(clock_settime(CLOCK_REALTIME, &before));
    FAILS(EINVAL, clock_settime(CLOCK_MONOTONIC, &before));
    real = (struct timespec){0, 1000000000};
    FAILS(EINVAL, clock_settime(CLOCK_REALTIME, &real));
    FAILS(EFAULT, syscall(SYS_clock_settime, CLOCK_REALTIME, unmapped()));
    FAILS(EFAULT, syscall(SYS_settimeofday, unmapped(), NULL));
    struct timeval wrong = {0, 1000000};
    FAILS(EINVAL, syscall(SYS_settimeofday, &wrong, NULL));
    CHILD("exit 0", become_user(1000, 1000); FAILS(EPERM, clock_settime(CLOCK_REALTIME, &before));
          FAILS(EPERM, syscall(SYS_settimeofday, &(struct timeval){1, 0}, NULL)));
    return done();
}
