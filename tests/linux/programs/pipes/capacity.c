// How much fits: 64 KiB by default; F_SETPIPE_SZ changes it.
#include "check.h"

static long fill(int fd) {
    char page[PAGE] = "";
    long sum = 0, n;
    while ((n = write(fd, page, sizeof page)) > 0) sum += n;
    return sum;
}

int main(void) {
    int ends[2];
    char page[PAGE];
    pipe2(ends, O_NONBLOCK);
    IS(65536, fcntl(ends[0], F_GETPIPE_SZ));
    IS(65536, fill(ends[1]));
    FAILS(EAGAIN, write(ends[1], page, 1));
    IS(PAGE, read(ends[0], page, PAGE));
    IS(PAGE, fill(ends[1]));
    IS(131072, fcntl(ends[1], F_SETPIPE_SZ, 100000));
    IS(65536, fill(ends[1]));
    FAILS(EBUSY, fcntl(ends[1], F_SETPIPE_SZ, 4096));
    while (read(ends[0], page, PAGE) > 0) continue;
    IS(4096, fcntl(ends[1], F_SETPIPE_SZ, 1));
    IS(4096, fill(ends[1]));
    FAILS(EBADF, fcntl(0, F_GETPIPE_SZ));
    CHILD("exit 0", become_user(1000, 1000); FAILS(EPERM, fcntl(ends[1], F_SETPIPE_SZ, 1 << 21)));
    return done();
}
