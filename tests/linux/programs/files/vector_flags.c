// preadv2() and pwritev2(): flags, and the file's own position for an offset of -1.
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

#include "check.h"

enum { HIPRI = 1, DSYNC = 2, SYNC = 4, NOWAIT = 8, APPEND = 16, UNKNOWN = 32 };

static char left[8], right[8];

static long read_at(int fd, off_t offset, int flags) {
    struct iovec parts[] = {{left, 3}, {right, 2}};
    memset(left, 0, sizeof left);
    memset(right, 0, sizeof right);
    return syscall(SYS_preadv2, fd, parts, 2L, offset, 0L, flags);
}

static long write_at(int fd, off_t offset, int flags) {
    struct iovec parts[] = {{"ab", 2}, {"c", 1}};
    return syscall(SYS_pwritev2, fd, parts, 2L, offset, 0L, flags);
}

static void show(int fd) {
    char data[64] = "";
    const ssize_t count = pread(fd, data, sizeof data - 1, 0);
    SAY("%zd bytes: %s, position %ld", count, data, (long)lseek(fd, 0, SEEK_CUR));
}

int main(void) {
    make_file("file", "0123456789", 0644);
    const int fd = OK(open("file", O_RDWR));
    IS(5, read_at(fd, 4, 0));
    SAY("%s %s", left, right);
    IS(2, read_at(fd, 8, HIPRI));
    IS(5, read_at(fd, -1, 0));
    SAY("%s %s, position %ld", left, right, (long)lseek(fd, 0, SEEK_CUR));
    for (int flags = 0; flags <= UNKNOWN; ++flags) {
        const long count = read_at(fd, 1, flags);
        SAY("read with flags %d: %ld %s", flags, count, count < 0 ? error_name(errno) : left);
    }

    IS(3, write_at(fd, 2, DSYNC));
    show(fd);
    IS(3, write_at(fd, -1, SYNC | HIPRI));
    show(fd);
    // The end of the file, whatever the offset says; the position moves only where it is used.
    IS(3, write_at(fd, 0, APPEND));
    show(fd);
    IS(0, lseek(fd, 0, SEEK_SET));
    IS(3, write_at(fd, -1, APPEND));
    show(fd);
    FAILS(EOPNOTSUPP, write_at(fd, 0, NOWAIT));
    FAILS(EOPNOTSUPP, write_at(fd, 0, UNKNOWN));
    show(fd);

    FAILS(EINVAL, read_at(fd, -2, 0));
    FAILS(EINVAL, write_at(fd, -2, 0));
    FAILS(EBADF, read_at(99, 0, 0));
    FAILS(EBADF, read_at(OK(open("file", O_WRONLY)), 0, UNKNOWN));
    FAILS(EBADF, write_at(OK(open("file", O_RDONLY)), 0, UNKNOWN));
    FAILS(EFAULT, syscall(SYS_preadv2, fd, unmapped(), 1L, 0L, 0L, UNKNOWN));
    // Nothing to be moved is fine with any flags; a range that no file has is found before them.
    IS(0, syscall(SYS_preadv2, fd, unmapped(), 0L, 0L, 0L, UNKNOWN));
    FAILS(EINVAL, read_at(fd, 0x7fffffffffffffff, UNKNOWN));

    int ends[2];
    pipe(ends);
    FAILS(ESPIPE, read_at(ends[0], 0, 0));
    FAILS(ESPIPE, write_at(ends[1], 0, UNKNOWN));
    IS(3, write_at(ends[1], -1, APPEND));
    FAILS(EOPNOTSUPP, read_at(ends[0], -1, NOWAIT));
    IS(3, read_at(ends[0], -1, DSYNC));
    SAY("%s", left);

    // Files that take their vectors one by one know no flag but RWF_HIPRI.
    FAILS(EOPNOTSUPP, read_at(OK(open(".", O_RDONLY)), 0, SYNC));
    FAILS(EISDIR, read_at(OK(open(".", O_RDONLY)), 0, HIPRI));
    const int event = OK(eventfd(1, EFD_NONBLOCK));
    struct iovec number = {left, 8};
    FAILS(EOPNOTSUPP, syscall(SYS_pwritev2, event, &number, 1L, -1L, 0L, DSYNC));
    IS(8, syscall(SYS_preadv2, event, &number, 1L, -1L, 0L, DSYNC));
    IS(8, syscall(SYS_pwritev2, event, &number, 1L, -1L, 0L, HIPRI));
    const int timer = OK(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK));
    FAILS(EOPNOTSUPP, syscall(SYS_preadv2, timer, &number, 1L, -1L, 0L, SYNC));
    FAILS(EAGAIN, syscall(SYS_preadv2, timer, &number, 1L, -1L, 0L, HIPRI));

    // RWF_NOWAIT is for files that are never waited for.
    IS(0, read_at(OK(open("/dev/null", O_RDONLY)), 0, NOWAIT));
    IS(5, read_at(OK(open("/dev/zero", O_RDONLY)), -1, NOWAIT));
    IS(3, write_at(OK(open("/dev/zero", O_WRONLY)), 7, NOWAIT));
    FAILS(EOPNOTSUPP, read_at(OK(open("/dev/full", O_RDONLY)), 0, NOWAIT));
    FAILS(EOPNOTSUPP, read_at(OK(open("/proc/self/stat", O_RDONLY)), 0, NOWAIT));
    return done();
}
