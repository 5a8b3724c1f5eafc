// pread() and pwrite() leave the offset alone.
#include "check.h"

int main(void) {
    char data[16] = "";
    make_file("file", "0123456789", 0644);
    int fd = OK(open("file", O_RDWR)), ends[2];
    pipe(ends);
    IS(3, pread(fd, data, 3, 4));
    SAY("%s", data);
    IS(0, pread(fd, data, 3, 10));
    IS(0, pread(fd, data, 3, 1 << 30));
    IS(2, pwrite(fd, "ab", 2, 8));
    IS(1, pwrite(fd, "z", 1, 12));
    IS(0, lseek(fd, 0, SEEK_CUR));
    SAY("size %ld", (long)lseek(fd, 0, SEEK_END));
    FAILS(EINVAL, pread(fd, data, 1, -1));
    FAILS(EINVAL, pwrite(fd, data, 1, -1));
    FAILS(ESPIPE, pread(ends[0], data, 1, 0));
    FAILS(ESPIPE, pwrite(ends[1], data, 1, 0));
    FAILS(EBADF, pread(99, data, 1, 0));
    FAILS(EBADF, pwrite(99, data, 1, 0));
    FAILS(EFAULT, pread(fd, NULL, 1, 0));
    FAILS(EFAULT, pwrite(fd, NULL, 1, 0));
    FAILS(EISDIR, pread(open(".", O_RDONLY), data, 1, 0));
    int append = OK(open("file", O_WRONLY | O_APPEND));
    IS(1, pwrite(append, "!", 1, 0));
    SAY("pwrite to an appending descriptor appends: size %ld", (long)lseek(fd, 0, SEEK_END));
    // That there are no positions comes before everything else but a bad offset.
    int flow[2];
    pipe(flow);
    struct iovec vector = {unmapped(), 5};
    FAILS(ESPIPE, pread(flow[0], unmapped(), 5, 0));
    FAILS(ESPIPE, pread(flow[1], unmapped(), 5, 0));
    FAILS(ESPIPE, pwrite(flow[0], "x", 1, 0));
    FAILS(ESPIPE, preadv(flow[0], unmapped(), 1, 0));
    FAILS(ESPIPE, pwritev(flow[0], &vector, -1, 0));
    FAILS(EINVAL, pread(flow[0], unmapped(), 5, -1));
    return done();
}
