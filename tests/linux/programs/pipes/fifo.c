// Named pipes: opening waits for the other side; O_NONBLOCK and O_RDWR do not.
#include "check.h"

int main(void) {
    char data[8] = "";
    OK(mkfifo("fifo", 0600));
    FAILS(EEXIST, mkfifo("fifo", 0600));
    FAILS(ENXIO, open("fifo", O_WRONLY | O_NONBLOCK));
    int reader = OK(open("fifo", O_RDONLY | O_NONBLOCK));
    IS(0, read(reader, data, 8));
    int writer = OK(open("fifo", O_WRONLY | O_NONBLOCK));
    FAILS(EAGAIN, read(reader, data, 8));
    IS(2, write(writer, "hi", 2));
    close(writer);
    IS(2, read(reader, data, 8));
    IS(0, read(reader, data, 8));
    close(reader);
    int both = OK(open("fifo", O_RDWR));
    IS(3, write(both, "abc", 3));
    IS(3, read(both, data, 8));
    close(both);
    pid_t child = SPAWN({
        int fd = OK(open("fifo", O_WRONLY));
        IS(5, write(fd, "hello", 5));
    });
    nap_ms(50);
    reader = open("fifo", O_RDONLY);
    long used = 0, n;
    while ((n = read(reader, data + used, 8 - used)) > 0) used += n;
    SAY("%.5s", data);
    check_end(child, "exit 0");
    FAILS(ESPIPE, lseek(reader, 0, SEEK_SET));
    FAILS(EINVAL, ftruncate(both = open("fifo", O_RDWR), 0));
    return done();
}
