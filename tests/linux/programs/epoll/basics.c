// epoll: making one, its control operations, and the order in which their errors come.
#include "check.h"

#include <sys/epoll.h>

static struct epoll_event out[8];

/// That there is nothing to read or write comes before an address that no program can have.
static void no_bytes(void) {
    const int fd = OK(epoll_create1(0));
    FAILS(EINVAL, syscall(SYS_write, fd, -1L, 10L));
    FAILS(EINVAL, syscall(SYS_read, fd, -1L, 10L));
    FAILS(EINVAL, syscall(SYS_write, fd, "", 0L));
    OK(close(fd));
    const int timer = OK((int)syscall(SYS_timerfd_create, CLOCK_MONOTONIC, 0L));
    FAILS(EINVAL, syscall(SYS_write, timer, -1L, 10L));
    FAILS(EFAULT, syscall(SYS_read, timer, -1L, 10L));
    OK(close(timer));
}

int main(void) {
    no_bytes();
    FAILS(EINVAL, syscall(SYS_epoll_create, 0));  // libraries may not pass the size on
    FAILS(EINVAL, syscall(SYS_epoll_create, -1));
    FAILS(EINVAL, epoll_create1(1));
    int plain = OK(epoll_create(1));
    IS(0, fcntl(plain, F_GETFD));
    int ep = OK(epoll_create1(EPOLL_CLOEXEC));
    IS(FD_CLOEXEC, fcntl(ep, F_GETFD));
    IS(O_RDWR, fcntl(ep, F_GETFL));
    char link[64], target[64] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", ep);
    OK(readlink(link, target, sizeof target - 1));
    SAY("%s", target);
    char byte;
    FAILS(EINVAL, read(ep, &byte, 1));
    FAILS(EINVAL, read(ep, &byte, 0));
    FAILS(EINVAL, readv(ep, NULL, 0));
    FAILS(EINVAL, writev(ep, NULL, 0));
    FAILS(EINVAL, write(ep, "x", 1));
    IS(0, lseek(ep, 5, SEEK_SET));

    int p[2];
    OK(pipe(p));
    struct epoll_event in = {.events = EPOLLIN, .data.u64 = 0x1122334455667788};
    OK(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &in));
    FAILS(EEXIST, epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &in));
    FAILS(ENOENT, epoll_ctl(ep, EPOLL_CTL_MOD, p[1], &in));
    FAILS(ENOENT, epoll_ctl(ep, EPOLL_CTL_DEL, p[1], NULL));
    FAILS(EINVAL, epoll_ctl(ep, 99, p[0], &in));
    FAILS(EFAULT, epoll_ctl(ep, 99, p[0], NULL));
    FAILS(EFAULT, epoll_ctl(-1, EPOLL_CTL_ADD, -1, unmapped()));
    FAILS(EBADF, epoll_ctl(-1, EPOLL_CTL_ADD, p[0], &in));
    FAILS(EBADF, epoll_ctl(ep, EPOLL_CTL_ADD, -1, &in));
    FAILS(EBADF, epoll_ctl(p[0], EPOLL_CTL_DEL, 99, NULL));
    FAILS(EINVAL, epoll_ctl(p[0], EPOLL_CTL_ADD, p[1], &in));
    FAILS(EINVAL, epoll_ctl(ep, EPOLL_CTL_ADD, ep, &in));
    // What has no poll operation. A wrong epoll comes after that.
    int file = OK(open("/tmp/file", O_CREAT | O_RDWR, 0600));
    FAILS(EPERM, epoll_ctl(ep, EPOLL_CTL_ADD, file, &in));
    FAILS(EPERM, epoll_ctl(p[0], EPOLL_CTL_ADD, file, &in));
    FAILS(EPERM, epoll_ctl(ep, EPOLL_CTL_ADD, OK(open("/tmp", O_RDONLY)), &in));
    FAILS(EPERM, epoll_ctl(ep, EPOLL_CTL_ADD, OK(open("/dev/null", O_RDWR)), &in));
    FAILS(EPERM, epoll_ctl(ep, EPOLL_CTL_ADD, OK(open("/dev/zero", O_RDWR)), &in));
    FAILS(EBADF, epoll_ctl(ep, EPOLL_CTL_ADD, OK(open("/tmp", O_PATH)), &in));
    FAILS(EPERM, epoll_ctl(ep, EPOLL_CTL_ADD, OK(open("/dev/urandom", O_RDONLY)), &in));
    OK(epoll_ctl(ep, EPOLL_CTL_ADD, OK(open("/dev/random", O_RDONLY)), &in));
    IS(1, epoll_wait(ep, out, 8, 0));

    int other = OK(epoll_create1(0));
    OK(epoll_ctl(other, EPOLL_CTL_ADD, p[0], &in));
    IS(0, epoll_wait(other, out, 8, 0));
    IS(3, write(p[1], "abc", 3));
    for (int i = 0; i < 2; ++i) {  // level-triggered: as long as it is there
        IS(1, epoll_wait(other, out, 8, -1));
        IS(EPOLLIN, out[0].events);
        TRUE(out[0].data.u64 == 0x1122334455667788);
    }
    // MOD changes what is asked for and what is told.
    in = (struct epoll_event){.events = EPOLLOUT, .data.u32 = 5};
    OK(epoll_ctl(other, EPOLL_CTL_MOD, p[0], &in));
    IS(0, epoll_wait(other, out, 8, 0));
    in.events = EPOLLIN | EPOLLRDNORM;
    OK(epoll_ctl(other, EPOLL_CTL_MOD, p[0], &in));
    IS(1, epoll_wait(other, out, 8, 0));
    IS(EPOLLIN | EPOLLRDNORM, out[0].events);
    IS(5, out[0].data.u32);
    OK(epoll_ctl(other, EPOLL_CTL_DEL, p[0], unmapped()));
    IS(0, epoll_wait(other, out, 8, 0));
    // EPOLLERR and EPOLLHUP come unasked.
    in.events = 0;
    OK(epoll_ctl(other, EPOLL_CTL_ADD, p[0], &in));
    IS(0, epoll_wait(other, out, 8, 0));
    OK(close(p[1]));
    IS(1, epoll_wait(other, out, 8, 0));
    IS(EPOLLHUP, out[0].events);

    FAILS(EINVAL, epoll_wait(other, out, 0, 0));
    FAILS(EINVAL, epoll_wait(other, out, -1, 0));
    FAILS(EINVAL, epoll_wait(other, out, INT_MAX / 12 + 1, 0));
    FAILS(EFAULT, epoll_wait(-1, KERNEL_ADDRESS, 1, 0));
    FAILS(EINVAL, epoll_wait(-1, KERNEL_ADDRESS, 0, 0));
    FAILS(EBADF, epoll_wait(-1, out, 1, 0));
    FAILS(EINVAL, epoll_wait(p[0], out, 1, 0));
    FAILS(EFAULT, epoll_wait(other, unmapped(), 1, 0));
    IS(1, epoll_wait(other, out, 8, 0));
    return done();
}
