// close(), dup() and dup2() with numbers that are no descriptors.
#include "check.h"

int main(void) {
    FAILS(EBADF, close(-1));
    FAILS(EBADF, close(50));
    FAILS(EBADF, close(1 << 30));
    int fd = OK(open("/dev/null", O_RDWR));
    OK(close(fd));
    FAILS(EBADF, close(fd));
    FAILS(EBADF, dup(-1));
    FAILS(EBADF, dup(77));
    FAILS(EBADF, dup2(77, 5));
    FAILS(EBADF, dup2(0, -1));
    FAILS(EBADF, dup2(0, 1 << 30));
    FAILS(EBADF, dup2(-1, -1));
    IS(0, dup2(0, 0));
    FAILS(EINVAL, dup3(0, 0, 0));
    FAILS(EINVAL, syscall(SYS_dup3, 0, 9, O_APPEND));
    FAILS(EBADF, dup3(77, 9, 0));
    IS(9, dup3(0, 9, O_CLOEXEC));
    IS(FD_CLOEXEC, fcntl(9, F_GETFD));
    IS(9, dup2(0, 9));
    IS(0, fcntl(9, F_GETFD));
    return done();
}
