// Who has a lock: the process for F_SETLK, the open file for F_OFD_SETLK and flock(); when each of them loses it.
#include "check.h"

static int set(int fd, int command, short type, long start, long length) {
    struct flock lock = {.l_type = type, .l_start = start, .l_len = length};
    return fcntl(fd, command, &lock);
}
// What a lock of the other kind of owner finds in its way.
static void show(const char* what) {
    SAY("%s", what);
    CHILD("exit 0", {
        struct flock lock = {.l_type = F_WRLCK};
        int fd = open("f", O_RDWR);
        fcntl(fd, F_GETLK, &lock);
        SAY("  %s", lock.l_type == F_UNLCK ? "free" : lock.l_pid == -1 ? "of a file" : "of a process");
        TRUE((set(fd, F_SETLK, F_WRLCK, 0, 0) == 0) == (lock.l_type == F_UNLCK));
    });
}

int main(int count, char** arguments) {
    if (count > 1) {
        show("after exec");
        return done();
    }
    make_file("f", "", 0644);
    int a = open("f", O_RDWR), b = open("f", O_RDWR), c = dup(a);
    OK(set(a, F_SETLK, F_WRLCK, 0, 0));
    OK(set(b, F_SETLK, F_WRLCK, 0, 0));  // of the same process
    show("set");
    CHILD("exit 0", FAILS(EAGAIN, set(a, F_SETLK, F_RDLCK, 0, 1)); close(a); show("a child that closes it"));
    close(b);
    show("closed through another open file");

    b = open("f", O_RDWR);
    OK(set(a, F_SETLK, F_WRLCK, 0, 0));
    dup2(b, c);
    show("replaced by dup2");
    OK(set(a, F_SETLK, F_WRLCK, 0, 0));
    syscall(SYS_close_range, c, c, 0);
    show("close_range");
    OK(set(a, F_SETLK, F_WRLCK, 0, 0));
    CHILD("exit 0", OK(set(open("g", O_CREAT | O_RDWR, 0644), F_SETLK, F_WRLCK, 0, 0)));
    show("another file");
    OK(set(a, F_SETLK, F_UNLCK, 0, 0));

    // Of the open file: shared by dup and fork, lost with the last of them.
    OK(set(a, F_OFD_SETLK, F_WRLCK, 0, 0));
    FAILS(EAGAIN, set(b, F_OFD_SETLK, F_RDLCK, 0, 0));
    FAILS(EAGAIN, set(b, F_SETLK, F_RDLCK, 0, 0));
    FAILS(EAGAIN, set(a, F_SETLK, F_RDLCK, 0, 0));
    show("of a file");
    c = dup(a);
    close(a);
    show("closed, but for a copy");
    CHILD("exit 0", OK(set(c, F_OFD_SETLK, F_RDLCK, 0, 0)); OK(set(c, F_OFD_SETLK, F_WRLCK, 0, 0)));
    show("of a child too");
    close(c);
    show("the last copy closed");
    struct flock lock = {.l_type = F_WRLCK, .l_pid = 1};
    FAILS(EINVAL, fcntl(b, F_OFD_SETLK, &lock));
    FAILS(EINVAL, fcntl(b, F_OFD_SETLKW, &lock));
    FAILS(EINVAL, fcntl(b, F_OFD_GETLK, &lock));

    // flock: apart from the others.
    a = open("f", O_RDWR);
    OK(flock(a, LOCK_EX));
    FAILS(EAGAIN, flock(b, LOCK_SH | LOCK_NB));
    show("flock is another thing");
    OK(flock(a, LOCK_SH));
    OK(flock(b, LOCK_SH | LOCK_NB));
    FAILS(EAGAIN, flock(b, LOCK_EX | LOCK_NB));  // and loses what it had
    OK(flock(a, LOCK_EX | LOCK_NB));
    CHILD("exit 0", OK(flock(a, LOCK_UN)));
    OK(flock(b, LOCK_EX | LOCK_NB));
    close(b);
    OK(flock(open("f", O_RDONLY), LOCK_EX | LOCK_NB));
    FAILS(EINVAL, flock(a, 0));
    FAILS(EINVAL, flock(a, LOCK_SH | LOCK_EX));
    FAILS(EINVAL, flock(a, 16));
    FAILS(EINVAL, flock(-1, LOCK_NB));
    FAILS(EBADF, flock(-1, LOCK_SH));
    FAILS(EBADF, flock(open("f", O_PATH), LOCK_SH));
    IS(0, flock(-1, 32 | LOCK_SH));
    FAILS(EBADF, flock(open("f", 3), LOCK_SH));
    int ends[2];
    pipe(ends);
    OK(flock(ends[0], LOCK_EX));
    FAILS(EAGAIN, flock(ends[1], LOCK_EX | LOCK_NB));

    OK(set(a, F_SETLK, F_WRLCK, 0, 0));
    CHILD("exit 0", show("in a child before exec"));
    fflush(stdout);
    execl("/proc/self/exe", arguments[0], "again", NULL);
    return 1;
}
