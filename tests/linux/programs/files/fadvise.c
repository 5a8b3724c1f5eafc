// posix_fadvise(): accepted advice and its errnos.
#include "check.h"

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0600), ends[2];
    pipe(ends);
    for (int advice = 0; advice <= 5; advice++) IS(0, posix_fadvise(fd, 0, 100, advice));
    IS(EINVAL, posix_fadvise(fd, 0, 0, 99));
    IS(EBADF, posix_fadvise(99, 0, 0, 0));
    IS(ESPIPE, posix_fadvise(ends[0], 0, 0, 0));
    return done();
}
