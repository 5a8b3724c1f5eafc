// A shared file mapping and read() and write() see the same bytes; truncation takes pages away.
#include "check.h"

int main(void) {
    int fd = open("file", O_CREAT | O_RDWR, 0644);
    ftruncate(fd, 3 * PAGE);
    char *p = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), byte;
    char* q = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, PAGE);
    p[PAGE] = 'm';
    IS('m', *q);
    IS(1, pread(fd, &byte, 1, PAGE));
    IS('m', byte);
    pwrite(fd, "w", 1, PAGE);
    IS('w', p[PAGE]);
    CHILD("exit 0", p[0] = 'c');
    IS('c', p[0]);
    OK(msync(p, 3 * PAGE, MS_SYNC));
    OK(msync(p, PAGE, MS_ASYNC));
    FAILS(EINVAL, msync(p, PAGE, MS_SYNC | MS_ASYNC));
    FAILS(EINVAL, msync(p + 1, PAGE, MS_SYNC));
    FAILS(EINVAL, msync(p, PAGE, 0x100));
    FAILS(ENOMEM, msync(unmapped(), PAGE, MS_SYNC));
    OK(ftruncate(fd, PAGE));
    CHILD("SIGBUS", SAY("%d", p[PAGE]));
    OK(ftruncate(fd, 3 * PAGE));
    IS(0, p[PAGE]);
    close(fd);
    p[2 * PAGE] = 'e';
    fd = open("file", O_RDONLY);
    pread(fd, &byte, 1, 2 * PAGE);
    IS('e', byte);
    IS(3, read(open("file", O_RDONLY), p, 3));
    return done();
}
