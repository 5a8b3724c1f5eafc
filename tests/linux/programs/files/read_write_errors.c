// The errnos of read() and write().
#include "check.h"

int main(void) {
    make_file("file", "12345678", 0644);
    int fd = open("file", O_RDWR), folder = open(".", O_RDONLY);
    char *hole = before_hole(4), byte;
    FAILS(EBADF, read(-1, &byte, 1));
    FAILS(EBADF, read(99, &byte, 1));
    FAILS(EBADF, write(99, &byte, 1));
    FAILS(EISDIR, read(folder, &byte, 1));
    FAILS(EBADF, write(folder, &byte, 1));
    FAILS(EFAULT, read(fd, NULL, 1));
    FAILS(EFAULT, read(fd, KERNEL_ADDRESS, 1));
    FAILS(EFAULT, read(fd, unmapped(), 1));
    FAILS(EFAULT, read(fd, read_only_page(), 1));
    FAILS(EFAULT, write(fd, NULL, 1));
    FAILS(EFAULT, write(fd, KERNEL_ADDRESS, 1));
    FAILS(EFAULT, write(fd, unmapped(), 1));
    IS(0, lseek(fd, 0, SEEK_CUR));
    IS(4, read(fd, hole, 8));
    SAY("%.4s", hole);
    IS(0, lseek(fd, 0, SEEK_SET));
    memcpy(hole, "ABCD", 4);
    IS(4, write(fd, hole, 8));
    SAY("%s", content_of("file"));
    FAILS(EFAULT, read(fd, (void*)-1, 1));
    FAILS(EFAULT, write(fd, &byte, -1));
    return done();
}
