// read() into a mapping of the file being read, and write() from one: the kernel's own faults.
#include "check.h"

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0600);
    ftruncate(fd, 4 * PAGE);
    pwrite(fd, "first page", 10, 0);
    pwrite(fd, "second page", 11, PAGE);
    char* p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    IS(PAGE, pread(fd, p + 2 * PAGE, PAGE, 0));
    SAY("%s", p + 2 * PAGE);
    IS(PAGE, pread(fd, p + PAGE, PAGE, PAGE));
    SAY("%s", p + PAGE);
    IS(PAGE, pwrite(fd, p + PAGE, PAGE, 3 * PAGE));
    SAY("%s", p + 3 * PAGE);
    char* fresh = anonymous(8 * PAGE);
    IS(4 * PAGE, pread(fd, fresh + 100, 4 * PAGE, 0));
    SAY("%s", fresh + 100 + PAGE);
    int ends[2];
    pipe(ends);
    IS(PAGE, write(ends[1], mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE), PAGE));
    IS(PAGE, read(ends[0], anonymous(PAGE), PAGE));
    CHILD("exit 0", char* cow = fresh; IS(PAGE, pread(fd, cow, PAGE, PAGE)); SAY("%s", cow));
    IS(0, fresh[0]);
    return done();
}
