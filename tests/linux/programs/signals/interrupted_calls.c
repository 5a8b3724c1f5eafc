// Which calls a handler without SA_RESTART interrupts: EINTR for each that was waiting.
#include "check.h"

static void nothing(int signal) { (void)signal; }

static void soon(void) {
    struct itimerval timer = {{0, 0}, {0, 40000}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

int main(void) {
    int ends[2], full[2];
    char byte;
    static char big[70000];
    struct timespec long_time = {20, 0}, left;
    handle(SIGALRM, nothing, 0);
    pipe(ends), pipe(full);
    write(full[1], big, 65536);
    mkfifo("fifo", 0600);
    pid_t child = SPAWN(nap_ms(60000));
    soon();
    FAILS(EINTR, read(ends[0], &byte, 1));
    soon();
    FAILS(EINTR, write(full[1], "x", 1));
    soon();
    FAILS(EINTR, open("fifo", O_RDONLY));
    soon();
    FAILS(EINTR, waitpid(child, NULL, 0));
    siginfo_t info;
    soon();
    FAILS(EINTR, waitid(P_PID, child, &info, WEXITED));
    soon();
    FAILS(EINTR, nanosleep(&long_time, &left));
    TRUE(left.tv_sec == 19);
    soon();
    IS(EINTR, clock_nanosleep(CLOCK_MONOTONIC, 0, &long_time, &left));
    struct pollfd p = {ends[0], POLLIN, 0};
    soon();
    FAILS(EINTR, poll(&p, 1, 20000));
    fd_set set;
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    soon();
    FAILS(EINTR, select(ends[0] + 1, &set, NULL, NULL, NULL));
    soon();
    FAILS(EINTR, pause());
    struct flock lock = {.l_type = F_WRLCK};
    make_file("file", "", 0600);
    int fd = open("file", O_RDWR), word = 0;
    pid_t owner = SPAWN(fcntl(fd, F_SETLK, &lock); write(ends[1], "l", 1); nap_ms(60000));
    read(ends[0], &byte, 1);
    soon();
    FAILS(EINTR, fcntl(fd, F_SETLKW, &lock));
    soon();
    FAILS(EINTR, syscall(SYS_futex, &word, 0, 0, NULL, NULL, 0));
    uint64_t value;
    soon();
    FAILS(EINTR, read(eventfd(0, 0), &value, 8));
    kill(child, SIGKILL), kill(owner, SIGKILL);
    return done();
}
