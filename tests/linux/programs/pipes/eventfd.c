// eventfd(): counting, semaphores, blocking, its limits and errnos.
#include "check.h"

int main(void) {
    uint64_t value;
    int fd = OK(eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC));
    IS(FD_CLOEXEC, fcntl(fd, F_GETFD));
    IS(8, read(fd, &value, 8));
    IS(3, value);
    FAILS(EAGAIN, read(fd, &value, 8));
    value = 5;
    IS(8, write(fd, &value, 8));
    IS(8, write(fd, &value, 8));
    IS(8, read(fd, &value, 100));
    IS(10, value);
    value = -2;
    IS(8, write(fd, &value, 8));
    value = 1;
    FAILS(EAGAIN, write(fd, &value, 8));
    value = -1;
    FAILS(EINVAL, write(fd, &value, 8));
    FAILS(EINVAL, read(fd, &value, 7));
    FAILS(EINVAL, write(fd, &value, 7));
    FAILS(EFAULT, write(fd, unmapped(), 8));
    IS(0, lseek(fd, 0, SEEK_SET));
    int semaphore = OK(eventfd(2, EFD_SEMAPHORE | EFD_NONBLOCK));
    IS(8, read(semaphore, &value, 8));
    IS(1, value);
    IS(8, read(semaphore, &value, 8));
    FAILS(EAGAIN, read(semaphore, &value, 8));
    FAILS(EINVAL, eventfd(0, 0x100));
    int blocking = OK(eventfd(0, 0));
    pid_t child = SPAWN(value = 7; nap_ms(30); _exit(write(blocking, &value, 8) == 8 ? 0 : 1));
    IS(8, read(blocking, &value, 8));
    IS(7, value);
    check_end(child, "exit 0");
    struct pollfd p = {blocking, POLLIN | POLLOUT, 0};
    IS(1, poll(&p, 1, 0));
    IS(POLLOUT, p.revents);
    return done();
}
