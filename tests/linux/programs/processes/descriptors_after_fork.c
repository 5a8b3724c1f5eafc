// A child has its own table of the same open files.
#include "check.h"

int main(void) {
    make_file("file", "abcdef", 0600);
    int fd = open("file", O_RDONLY), ends[2];
    char byte;
    pipe(ends);
    pid_t child = SPAWN({
        close(fd);
        dup2(0, 20);
        write(ends[1], "c", 1);
        nap_ms(50);
    });
    read(ends[0], &byte, 1);
    IS(1, read(fd, &byte, 1));
    FAILS(EBADF, fcntl(20, F_GETFD));
    close(ends[1]);
    struct pollfd p = {ends[0], POLLIN, 0};
    IS(0, poll(&p, 1, 0));
    check_end(child, "exit 0");
    IS(1, poll(&p, 1, 1000));
    return done();
}
