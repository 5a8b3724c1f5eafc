// EMFILE at RLIMIT_NOFILE; the lowest free number is always taken.
#include "check.h"

int main(void) {
    struct rlimit limit = {10, 20};
    OK(setrlimit(RLIMIT_NOFILE, &limit));
    int fd, last = -1;
    while ((fd = open("/dev/null", O_RDONLY)) >= 0) last = fd;
    SAY("last descriptor %d, then %s", last, error_name(errno));
    FAILS(EMFILE, dup(0));
    FAILS(EMFILE, fcntl(0, F_DUPFD, 0));
    FAILS(EINVAL, fcntl(0, F_DUPFD, 10));
    FAILS(EBADF, dup2(0, 10));
    int ends[2];
    FAILS(EMFILE, pipe(ends));
    FAILS(EMFILE, eventfd(0, 0));
    close(5), close(4), close(7);
    IS(4, open("/dev/null", O_RDONLY));
    IS(5, dup(0));
    FAILS(EMFILE, pipe(ends));
    IS(7, dup(0));
    close(3), close(6);
    OK(pipe(ends));
    SAY("pipe took %d and %d", ends[0], ends[1]);
    limit.rlim_cur = 5;
    OK(setrlimit(RLIMIT_NOFILE, &limit));
    IS(1, write(ends[1], "x", 1));
    FAILS(EMFILE, open("/dev/null", O_RDONLY));
    return done();
}
