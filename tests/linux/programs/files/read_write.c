// read() and write(): counts, ends, zero lengths, appending, and the offset.
#include "check.h"

int main(void) {
    char data[32] = "";
    int fd = OK(open("file", O_CREAT | O_RDWR, 0644));
    IS(0, read(fd, data, 10));
    IS(5, write(fd, "hello", 5));
    IS(0, write(fd, "x", 0));
    IS(0, read(fd, data, 10));
    IS(0, lseek(fd, 0, SEEK_SET));
    IS(5, read(fd, data, 10));
    SAY("read: %s", data);
    IS(0, read(fd, data, 0));
    IS(2, lseek(fd, 2, SEEK_SET));
    IS(2, write(fd, "LL", 2));
    SAY("file: %s", content_of("file"));
    int other = OK(open("file", O_WRONLY | O_APPEND));
    IS(1, write(other, "!", 1));
    IS(6, lseek(other, 0, SEEK_CUR));
    IS(0, lseek(other, 0, SEEK_SET));
    IS(1, write(other, "?", 1));
    SAY("file: %s", content_of("file"));
    IS(0, ftruncate(fd, 3));
    IS(1, write(fd, "z", 1));
    IS(5, lseek(fd, 0, SEEK_CUR));
    SAY("size %ld", (long)lseek(fd, 0, SEEK_END));
    return done();
}
