// close_range(): closing many, marking them close-on-exec, unsharing, and its errnos.
#include "check.h"

int main(void) {
    for (int fd = 3; fd < 10; fd++) dup2(0, fd);
    OK(syscall(SYS_close_range, 5, 7, 0));
    for (int fd = 3; fd < 11; fd++) printf("%d ", fcntl(fd, F_GETFD));
    printf("\n");
    OK(syscall(SYS_close_range, 8, ~0u, 4));
    IS(FD_CLOEXEC, fcntl(9, F_GETFD));
    FAILS(EBADF, fcntl(7, F_GETFD));
    OK(syscall(SYS_close_range, 3, ~0u, 2));
    FAILS(EBADF, fcntl(3, F_GETFD));
    OK(fcntl(0, F_GETFD));
    FAILS(EINVAL, syscall(SYS_close_range, 5, 4, 0));
    FAILS(EINVAL, syscall(SYS_close_range, 5, 6, 0x80));
    return done();
}
