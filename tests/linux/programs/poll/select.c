// select(): sets, timeouts that are written back, more than 64 descriptors, and its errnos.
#include "check.h"

int main(void) {
    int ends[2];
    fd_set in, out;
    pipe(ends);
    struct rlimit limit = {1024, 1024};
    setrlimit(RLIMIT_NOFILE, &limit);
    FD_ZERO(&in);
    FD_ZERO(&out);
    FD_SET(ends[0], &in);
    FD_SET(ends[1], &out);
    IS(1, select(ends[1] + 1, &in, &out, NULL, NULL));
    SAY("in %d out %d", FD_ISSET(ends[0], &in) != 0, FD_ISSET(ends[1], &out) != 0);
    write(ends[1], "x", 1);
    FD_SET(ends[0], &in);
    IS(2, select(ends[1] + 1, &in, &out, NULL, NULL));
    dup2(ends[0], 700);
    FD_ZERO(&in);
    FD_SET(700, &in);
    IS(1, select(701, &in, NULL, NULL, NULL));
    IS(1, FD_ISSET(700, &in) != 0);
    FD_ZERO(&in);
    struct timeval time = {0, 50000};
    IS(0, syscall(SYS_select, 1, &in, NULL, NULL, &time));
    SAY("time left: %ld.%06ld", (long)time.tv_sec, (long)time.tv_usec);
    pid_t child = SPAWN(nap_ms(50); write(ends[1], "y", 1));
    char byte;
    read(ends[0], &byte, 1);
    FD_SET(ends[0], &in);
    time = (struct timeval){10, 0};
    IS(1, syscall(SYS_select, ends[0] + 1, &in, NULL, NULL, &time));
    TRUE(time.tv_sec == 9);
    check_end(child, "exit 0");
    FD_ZERO(&in);
    FD_SET(99, &in);
    FAILS(EBADF, select(100, &in, NULL, NULL, NULL));
    FD_ZERO(&in);
    const int place = open(".", O_PATH);
    FD_SET(place, &in);
    fd_set other = in;
    out = in;
    IS(3, select(place + 1, &in, &out, &other, NULL));
    TRUE(FD_ISSET(place, &in) && FD_ISSET(place, &out) && FD_ISSET(place, &other));
    FAILS(EINVAL, select(-1, NULL, NULL, NULL, NULL));
    time = (struct timeval){-1, 0};
    FAILS(EINVAL, syscall(SYS_select, 0, NULL, NULL, NULL, &time));
    FAILS(EFAULT, syscall(SYS_select, 10, unmapped(), NULL, NULL, NULL));
    time = (struct timeval){0, 0};
    IS(0,
       syscall(SYS_select, 0, unmapped(), KERNEL_ADDRESS, NULL, &time));  // sets of nothing are not looked at
    FAILS(EFAULT, syscall(SYS_select, 0, NULL, NULL, NULL, unmapped()));
    return done();
}
