// Record locks: between processes, by range, given back at close and exit.
#include "check.h"

static int try_lock(int fd, short type, off_t start, off_t length) {
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
    return fcntl(fd, F_SETLK, &lock);
}

int main(void) {
    make_file("file", "0123456789", 0644);
    int fd = OK(open("file", O_RDWR));
    OK(try_lock(fd, F_WRLCK, 0, 5));
    OK(try_lock(fd, F_RDLCK, 2, 2));
    CHILD("exit 0", {
        FAILS(EAGAIN, try_lock(fd, F_WRLCK, 0, 1));
        FAILS(EAGAIN, try_lock(fd, F_WRLCK, 2, 1));
        OK(try_lock(fd, F_RDLCK, 2, 2));
        OK(try_lock(fd, F_WRLCK, 5, 0));
        struct flock probe = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        OK(fcntl(fd, F_GETLK, &probe));
        SAY("held: type %d from %ld, %ld bytes, by the parent: %d", probe.l_type, (long)probe.l_start,
            (long)probe.l_len, probe.l_pid == getppid());
    });
    OK(try_lock(fd, F_WRLCK, 0, 0));
    int other = open("file", O_RDONLY);
    close(other);
    CHILD("exit 0", OK(try_lock(fd, F_WRLCK, 0, 0)));
    FAILS(EINVAL, try_lock(fd, 77, 0, 0));
    FAILS(EINVAL, try_lock(fd, F_WRLCK, -5, 1));
    FAILS(EBADF, try_lock(open("file", O_RDONLY), F_WRLCK, 0, 1));
    FAILS(EBADF, try_lock(99, F_WRLCK, 0, 1));
    FAILS(EFAULT, fcntl(fd, F_SETLK, unmapped()));
    return done();
}
