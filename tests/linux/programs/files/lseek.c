// lseek(): every origin, far ends, and its errnos.
#include "check.h"

int main(void) {
    make_file("file", "0123456789", 0644);
    int fd = OK(open("file", O_RDWR)), ends[2];
    pipe(ends);
    IS(4, lseek(fd, 4, SEEK_SET));
    IS(6, lseek(fd, 2, SEEK_CUR));
    IS(3, lseek(fd, -3, SEEK_CUR));
    IS(8, lseek(fd, -2, SEEK_END));
    IS(1000, lseek(fd, 990, SEEK_END));
    IS(0x7fffffffffff, lseek(fd, 0x7fffffffffff, SEEK_SET));
    FAILS(EINVAL, lseek(fd, -1, SEEK_SET));
    FAILS(EINVAL, lseek(fd, -11, SEEK_END));
    FAILS(EINVAL, lseek(fd, 0, 77));
    lseek(fd, 10, SEEK_SET);
    FAILS(EINVAL, lseek(fd, 0x7fffffffffffffff, SEEK_CUR));
    FAILS(ESPIPE, lseek(ends[0], 0, SEEK_SET));
    FAILS(EBADF, lseek(99, 0, SEEK_SET));
    IS(0, lseek(open("/dev/null", O_RDONLY), 100, SEEK_SET));
    return done();
}
