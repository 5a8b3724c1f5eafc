// Record locks: how ranges split, merge and change their mode, as another process sees them; l_whence, l_len and what is refused.
#include "check.h"

static int fd;

static int lock_of(int command, short type, short whence, long start, long length) {
    struct flock lock = {.l_type = type, .l_whence = whence, .l_start = start, .l_len = length};
    return fcntl(fd, command, &lock);
}
static int set(short type, long start, long length) {
    return lock_of(F_SETLK, type, SEEK_SET, start, length);
}

// What others find, from the start on: each range that excludes a write lock.
static void show(const char* what) {
    SAY("%s", what);
    CHILD("exit 0", {
        int mine = open("f", O_RDWR);
        for (long from = 0;;) {
            struct flock lock = {.l_type = F_WRLCK, .l_start = from};
            if (fcntl(mine, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) break;
            SAY("  %s %ld %ld %s", lock.l_type == F_WRLCK ? "write" : "read", (long)lock.l_start,
                (long)lock.l_len, lock.l_pid == getppid() ? "parent" : "other");
            if (lock.l_len == 0) break;
            from = lock.l_start + lock.l_len;
        }
    });
}

int main(void) {
    make_file("f", "0123456789", 0644);
    fd = open("f", O_RDWR);
    OK(set(F_WRLCK, 10, 10));
    OK(set(F_WRLCK, 30, 10));
    show("two ranges");
    OK(set(F_WRLCK, 20, 10));
    show("joined by what lies between");
    OK(set(F_RDLCK, 15, 5));
    show("a weaker part inside");
    OK(set(F_UNLCK, 17, 1));
    show("a hole in the weaker part");
    OK(set(F_RDLCK, 0, 0));
    show("all of it weaker");
    OK(set(F_UNLCK, 5, 0));
    show("cut behind 5");
    OK(set(F_WRLCK, 3, 1));
    OK(set(F_WRLCK, 4, 1));
    OK(set(F_RDLCK, 3, 1));
    show("at the edges");
    OK(set(F_UNLCK, 0, 0));
    show("nothing");

    lseek(fd, 4, SEEK_SET);
    OK(lock_of(F_SETLK, F_WRLCK, SEEK_CUR, 1, 2));
    OK(lock_of(F_SETLK, F_WRLCK, SEEK_END, -1, 3));
    OK(lock_of(F_SETLK, F_WRLCK, SEEK_END, 10, -4));
    show("from the position and the end");
    OK(set(F_UNLCK, 0, 0));
    OK(lock_of(F_SETLK, F_WRLCK, SEEK_SET, INT64_MAX, 1));
    OK(lock_of(F_SETLK, F_RDLCK, SEEK_SET, INT64_MAX - 1, 1));
    show("at the last offset");
    OK(set(F_UNLCK, 0, 0));

    FAILS(EINVAL, lock_of(F_SETLK, F_WRLCK, 3, 0, 0));
    FAILS(EINVAL, lock_of(F_SETLK, 3, SEEK_SET, 0, 0));
    FAILS(EINVAL, set(F_WRLCK, -1, 0));
    FAILS(EINVAL, set(F_WRLCK, 5, -6));
    FAILS(EINVAL, set(F_WRLCK, 0, -1));
    OK(set(F_WRLCK, 5, -5));
    show("a negative length");
    FAILS(EOVERFLOW, set(F_WRLCK, INT64_MAX, 2));
    FAILS(EOVERFLOW, lock_of(F_SETLK, F_WRLCK, SEEK_CUR, INT64_MAX, 0));
    FAILS(EOVERFLOW, lock_of(F_SETLK, F_WRLCK, SEEK_END, INT64_MAX - 3, 0));
    FAILS(EINVAL, lock_of(F_GETLK, F_UNLCK, SEEK_SET, 0, 0));
    FAILS(EINVAL, lock_of(F_GETLK, 7, SEEK_SET, 0, 0));
    FAILS(EINVAL, lock_of(F_OFD_GETLK, F_UNLCK, SEEK_SET, 0, 0));
    FAILS(EFAULT, fcntl(fd, F_SETLK, unmapped()));
    FAILS(EFAULT, fcntl(fd, F_GETLK, KERNEL_ADDRESS));
    FAILS(EBADF, fcntl(-1, F_SETLK, KERNEL_ADDRESS));
    fd = open("f", O_RDONLY);
    FAILS(EBADF, set(F_WRLCK, 0, 0));
    OK(set(F_RDLCK, 0, 1));
    fd = open("f", O_WRONLY);
    FAILS(EBADF, set(F_RDLCK, 0, 0));
    OK(set(F_WRLCK, 0, 1));
    fd = open("f", 3);
    FAILS(EBADF, set(F_RDLCK, 0, 0));
    FAILS(EBADF, set(F_WRLCK, 0, 0));
    OK(set(F_UNLCK, 0, 0));
    fd = open("f", O_PATH);
    FAILS(EBADF, set(F_UNLCK, 0, 0));

    // What is not conflicting leaves everything but the type as it was.
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_END, .l_start = -3, .l_len = 2, .l_pid = 77};
    fd = open("f", O_RDWR);
    OK(fcntl(fd, F_GETLK, &lock));
    SAY("%d %d %ld %ld %d", lock.l_type, lock.l_whence, (long)lock.l_start, (long)lock.l_len, lock.l_pid);
    return done();
}
