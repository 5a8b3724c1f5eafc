// Holes: they read as zeros, take no space, and SEEK_DATA and SEEK_HOLE find them.
#include "check.h"

int main(void) {
    int fd = OK(open("file", O_CREAT | O_RDWR, 0644));
    struct stat status;
    IS(1, pwrite(fd, "a", 1, 0));
    IS(1, pwrite(fd, "b", 1, 10 * PAGE));
    fstat(fd, &status);
    SAY("size %ld, blocks %ld", (long)status.st_size, (long)status.st_blocks);
    char bytes[3] = "xxx";
    IS(3, pread(fd, bytes, 3, 5 * PAGE));
    TRUE(bytes[0] == 0 && bytes[1] == 0 && bytes[2] == 0);
    IS(0, lseek(fd, 0, SEEK_DATA));
    IS(PAGE, lseek(fd, 0, SEEK_HOLE));
    IS(10 * PAGE, lseek(fd, PAGE, SEEK_DATA));
    IS(5 * PAGE, lseek(fd, 5 * PAGE, SEEK_HOLE));
    IS(10 * PAGE + 1, lseek(fd, 10 * PAGE, SEEK_HOLE));
    FAILS(ENXIO, lseek(fd, 11 * PAGE, SEEK_DATA));
    FAILS(ENXIO, lseek(fd, 11 * PAGE, SEEK_HOLE));
    FAILS(ENXIO, lseek(fd, -1, SEEK_DATA));
    OK(ftruncate(fd, 20 * PAGE));
    FAILS(ENXIO, lseek(fd, 11 * PAGE, SEEK_DATA));
    fstat(fd, &status);
    SAY("size %ld, blocks %ld", (long)status.st_size, (long)status.st_blocks);
    OK(ftruncate(fd, 0));
    fstat(fd, &status);
    SAY("size %ld, blocks %ld", (long)status.st_size, (long)status.st_blocks);
    return done();
}
