// pipe2(): its flags, order of bytes, end of file, SIGPIPE and EPIPE, and its errnos.
#include "check.h"

int main(void) {
    int ends[2];
    char data[16] = "";
    OK(pipe2(ends, O_CLOEXEC | O_NONBLOCK));
    IS(FD_CLOEXEC, fcntl(ends[0], F_GETFD));
    IS(O_NONBLOCK, fcntl(ends[0], F_GETFL));
    IS(O_NONBLOCK | O_WRONLY, fcntl(ends[1], F_GETFL));
    FAILS(EAGAIN, read(ends[0], data, 1));
    IS(3, write(ends[1], "abc", 3));
    IS(2, write(ends[1], "de", 2));
    int count;
    OK(ioctl(ends[0], FIONREAD, &count));
    IS(5, count);
    IS(2, read(ends[0], data, 2));
    IS(3, read(ends[0], data, 16));
    SAY("%.3s", data);
    IS(0, write(ends[1], "", 0));
    FAILS(EBADF, read(ends[1], data, 1));
    FAILS(EBADF, write(ends[0], data, 1));
    IS(1, write(ends[1], "z", 1));
    close(ends[1]);
    IS(1, read(ends[0], data, 16));
    IS(0, read(ends[0], data, 16));
    OK(pipe2(ends, 0));
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    FAILS(EPIPE, write(ends[1], "x", 1));
    CHILD("SIGPIPE", signal(SIGPIPE, SIG_DFL); write(ends[1], "x", 1));
    FAILS(EINVAL, pipe2(ends, O_APPEND));
    FAILS(EFAULT, pipe2(unmapped(), 0));
    FAILS(EFAULT, pipe(KERNEL_ADDRESS));
    struct stat s;
    pipe(ends);
    fstat(ends[0], &s);
    SAY("%s %o block size %ld", type_name(s.st_mode), s.st_mode & 07777, (long)s.st_blksize);
    FAILS(ENOPKG, pipe2(ends, O_EXCL | O_NONBLOCK));  // O_NOTIFICATION_PIPE
    FAILS(EINVAL, pipe2(ends, O_EXCL | O_APPEND));
    return done();
}
