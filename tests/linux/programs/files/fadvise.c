// posix_fadvise(): accepted advice and its errnos.
#include "check.h"

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0600), ends[2];
    pipe(ends);
    for (int advice = 0; advice <= 5; advice++) IS(0, posix_fadvise(fd, 0, 100, advice));
    IS(EINVAL, posix_fadvise(fd, 0, 0, 99));
    IS(EBADF, posix_fadvise(99, 0, 0, 0));
    IS(ESPIPE, posix_fadvise(ends[0], 0, 0, 0));
    OK(posix_fadvise(open("/dev/null", O_RDONLY), 0, 0, POSIX_FADV_NORMAL));
    OK(posix_fadvise(eventfd(0, 0), 0, 0, POSIX_FADV_WILLNEED));
    return done();
}
