// Which calls go on after a handler with SA_RESTART, and which do not.
#include "check.h"

static volatile int ran;
static void count(int signal) { (void)signal, ran++; }

static void soon(void) {
    ran = 0;
    struct itimerval timer = {{0, 0}, {0, 40000}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

#define LATER(...) pid_t later = SPAWN(nap_ms(120); __VA_ARGS__)

int main(void) {
    int ends[2];
    char byte;
    struct timespec long_time = {20, 0};
    handle(SIGALRM, count, SA_RESTART);
    pipe(ends);
    mkfifo("fifo", 0600);
    {
        LATER(write(ends[1], "x", 1));
        soon();
        IS(1, read(ends[0], &byte, 1));
        IS(1, ran);
        check_end(later, "exit 0");
    }
    {
        LATER(_exit(3));
        soon();
        int status;
        TRUE(waitpid(later, &status, 0) == later);
        IS(1, ran);
    }
    {
        LATER(open("fifo", O_WRONLY));
        soon();
        OK(open("fifo", O_RDONLY));
        IS(1, ran);
        check_end(later, "exit 0");
    }
    soon();
    FAILS(EINTR, nanosleep(&long_time, NULL));
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
    return done();
}
