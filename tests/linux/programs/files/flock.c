// flock(): belongs to the open file, is shared by dup, and excludes others.
#include "check.h"

int main(void) {
    make_file("file", "", 0644);
    int a = OK(open("file", O_RDWR)), b = OK(open("file", O_RDWR));
    OK(flock(a, LOCK_EX));
    FAILS(EAGAIN, flock(b, LOCK_EX | LOCK_NB));
    FAILS(EAGAIN, flock(b, LOCK_SH | LOCK_NB));
    OK(flock(dup(a), LOCK_SH));
    OK(flock(b, LOCK_SH | LOCK_NB));
    OK(flock(b, LOCK_UN));
    OK(flock(a, LOCK_UN));
    OK(flock(b, LOCK_EX | LOCK_NB));
    FAILS(EBADF, flock(99, LOCK_SH));
    FAILS(EINVAL, flock(a, 77));
    return done();
}
