// poll() of hundreds of pipes finds just those with something to read.
#include "check.h"

int main(void) {
    enum { PIPES = 250 };
    static struct pollfd p[PIPES];
    struct rlimit limit = {1024, 1024};
    setrlimit(RLIMIT_NOFILE, &limit);
    static int ends[PIPES][2];
    for (int i = 0; i < PIPES; i++) {
        pipe(ends[i]);
        p[i] = (struct pollfd){ends[i][0], POLLIN, 0};
    }
    IS(0, poll(p, PIPES, 0));
    for (int i = 0; i < PIPES; i += 50) write(ends[i][1], "x", 1);
    IS(5, poll(p, PIPES, -1));
    int wrong = 0;
    for (int i = 0; i < PIPES; i++) wrong += (p[i].revents != 0) != (i % 50 == 0);
    IS(0, wrong);
    limit.rlim_cur = 100;
    setrlimit(RLIMIT_NOFILE, &limit);
    FAILS(EINVAL, poll(p, 101, 0));
    return done();
}
