// FIOCLEX, FIONCLEX, FIONBIO and FIONREAD change and tell what fcntl() does.
#include "check.h"

int main(void) {
    make_file("file", "12345678", 0600);
    int fd = open("file", O_RDWR), value = 1, ends[2];
    pipe(ends);
    OK(ioctl(fd, FIOCLEX));
    IS(FD_CLOEXEC, fcntl(fd, F_GETFD));
    OK(ioctl(fd, FIONCLEX));
    IS(0, fcntl(fd, F_GETFD));
    OK(ioctl(ends[0], FIONBIO, &value));
    TRUE((fcntl(ends[0], F_GETFL) & O_NONBLOCK) != 0);
    value = 0;
    OK(ioctl(ends[0], FIONBIO, &value));
    TRUE((fcntl(ends[0], F_GETFL) & O_NONBLOCK) == 0);
    read(fd, &value, 3);
    OK(ioctl(fd, FIONREAD, &value));
    IS(5, value);
    lseek(fd, 5000, SEEK_SET);
    OK(ioctl(fd, FIONREAD, &value));
    IS(-4992, value);
    lseek(fd, 5000000000, SEEK_SET);
    OK(ioctl(fd, FIONREAD, &value));
    SAY("far behind the end: %d", value);
    FAILS(ENOTTY, ioctl(fd, TCGETS, &value));
    FAILS(ENOTTY, ioctl(ends[0], TIOCGWINSZ, &value));
    FAILS(EBADF, ioctl(99, FIONREAD, &value));
    FAILS(EFAULT, ioctl(ends[0], FIONREAD, unmapped()));
    FAILS(EFAULT, ioctl(ends[0], FIONBIO, unmapped()));
    int block_size = 0;
    OK(ioctl(open("/dev/null", O_RDONLY), 2, &block_size));
    SAY("%d", block_size);
    FAILS(EFAULT, ioctl(open("/dev/null", O_RDONLY), 2, unmapped()));
    // FIBMAP: no file system here lies in blocks, but what is asked is looked at.
    int block = -1;
    FAILS(EINVAL, ioctl(fd, 1, &block));
    IS(-1, block);
    block = 5;
    FAILS(EINVAL, ioctl(fd, 1, &block));
    IS(0, block);
    FAILS(EFAULT, ioctl(fd, 1, NULL));
    FAILS(EINVAL, ioctl(open("/proc/self/status", O_RDONLY), 1, &block));
    FAILS(ENOTTY, ioctl(open(".", O_RDONLY), 1, &block));
    FAILS(ENOTTY, ioctl(ends[0], 1, &block));
    CHILD("exit 0", become_user(1000, 1000), FAILS(EPERM, ioctl(fd, 1, NULL)));
    return done();
}
