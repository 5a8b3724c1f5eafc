// Pages that fallocate() made are holes until they are written, mapped, or made a second time.
#include "check.h"

static void tell(const char* what, int fd) {
    SAY("%s: data %ld, hole behind it %ld", what, (long)lseek(fd, 0, SEEK_DATA),
        (long)lseek(fd, PAGE, SEEK_HOLE));
}

int main(void) {
    int fd = OK(open("file", O_CREAT | O_RDWR, 0644)), ends[2];
    char bytes[PAGE];
    struct stat status;
    OK(fallocate(fd, 0, 0, 8 * PAGE));
    OK(fstat(fd, &status));
    SAY("blocks %ld", (long)status.st_blocks);
    FAILS(ENXIO, lseek(fd, 0, SEEK_DATA));
    IS(0, lseek(fd, 0, SEEK_HOLE));
    IS(PAGE, pread(fd, bytes, PAGE, PAGE));
    FAILS(ENXIO, lseek(fd, 0, SEEK_DATA));
    pipe(ends);
    IS(PAGE, sendfile(ends[1], fd, &(off_t){PAGE}, PAGE));
    FAILS(ENXIO, lseek(fd, 0, SEEK_DATA));
    // What is mapped along with its neighbour is what has content.
    volatile char* map = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    unsigned char there[8];
    OK(mincore((void*)map, 8 * PAGE, there));
    for (int i = 0; i < 8; i++) IS(0, there[i] & 1);
    IS(0, map[5 * PAGE]);
    OK(mincore((void*)map, 8 * PAGE, there));
    for (int i = 0; i < 8; i++) IS(i == 5, there[i] & 1);
    tell("read through a mapping", fd);
    OK(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 3 * PAGE + 10, 20));
    tell("a part punched", fd);
    IS(1, pwrite(fd, "x", 1, 3 * PAGE + 100));
    tell("written", fd);
    OK(fallocate(fd, 0, PAGE, 3 * PAGE));
    tell("made again", fd);
    OK(ftruncate(fd, 7 * PAGE + 1));
    tell("cut", fd);
    OK(ftruncate(fd, 0));
    OK(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, PAGE));
    IS(1, pwrite(fd, "x", 1, 2 * PAGE));
    IS(2 * PAGE, lseek(fd, 0, SEEK_DATA));
    FAILS(EFAULT, pwrite(fd, unmapped(), 1, 0));
    IS(2 * PAGE, lseek(fd, 0, SEEK_DATA));
    OK(fstat(fd, &status));
    SAY("blocks %ld", (long)status.st_blocks);
    return done();
}
