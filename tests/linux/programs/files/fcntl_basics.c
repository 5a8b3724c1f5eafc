// The commands of fcntl() on descriptors, and their errnos.
#include "check.h"

int main(void) {
    int fd = OK(open("/dev/null", O_RDWR));
    IS(10, fcntl(fd, F_DUPFD, 10));
    IS(11, fcntl(fd, F_DUPFD, 10));
    IS(12, fcntl(fd, F_DUPFD_CLOEXEC, 10));
    IS(0, fcntl(11, F_GETFD));
    IS(FD_CLOEXEC, fcntl(12, F_GETFD));
    OK(fcntl(11, F_SETFD, FD_CLOEXEC));
    IS(FD_CLOEXEC, fcntl(11, F_GETFD));
    OK(fcntl(fd, F_SETFL, O_NONBLOCK | O_APPEND));
    TRUE((fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK | O_APPEND)) == (O_RDWR | O_NONBLOCK | O_APPEND));
    OK(fcntl(fd, F_SETFL, O_RDONLY));
    TRUE((fcntl(fd, F_GETFL) & (O_ACCMODE | O_NONBLOCK | O_APPEND)) == O_RDWR);
    FAILS(EBADF, fcntl(99, F_GETFD));
    FAILS(EBADF, fcntl(99, F_DUPFD, 0));
    FAILS(EINVAL, fcntl(fd, F_DUPFD, -1));
    FAILS(EINVAL, fcntl(fd, F_DUPFD, 1 << 30));
    FAILS(EINVAL, fcntl(fd, 12345, 0));
    // Where there is no input to wait for, O_ASYNC stays as it was opened.
    const int ignoring[] = {fd, eventfd(0, 0), open("new", O_CREAT | O_RDWR, 0600), open(".", O_RDONLY)};
    for (unsigned i = 0; i < ARRAY_SIZE(ignoring); i++) {
        OK(fcntl(ignoring[i], F_SETFL, O_ASYNC | O_NONBLOCK));
        IS(O_NONBLOCK, fcntl(ignoring[i], F_GETFL) & (O_ASYNC | O_NONBLOCK));
    }
    fd = OK(open("new", O_RDWR | O_ASYNC));
    OK(fcntl(fd, F_SETFL, O_NONBLOCK));
    IS(O_ASYNC | O_NONBLOCK, fcntl(fd, F_GETFL) & (O_ASYNC | O_NONBLOCK));
    return done();
}
