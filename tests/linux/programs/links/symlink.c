// symlink() and readlink(): contents, lengths, and their errnos.
#include "check.h"

int main(void) {
    char target[64];
    OK(symlink("some/where", "link"));
    memset(target, 'x', sizeof target);
    IS(10, readlink("link", target, sizeof target));
    SAY("%.12s", target);
    IS(4, readlink("link", target, 4));
    struct stat s;
    lstat("link", &s);
    SAY("size %ld mode %o", (long)s.st_size, s.st_mode & 07777);
    FAILS(EEXIST, symlink("x", "link"));
    FAILS(ENOENT, symlink("", "empty"));
    FAILS(ENOENT, symlink("x", ""));
    FAILS(ENOENT, symlink("x", "no/y"));
    FAILS(EFAULT, symlink(unmapped(), "y"));
    FAILS(EFAULT, symlink("x", unmapped()));
    make_file("file", "", 0644);
    FAILS(ENOTDIR, symlink("x", "file/y"));
    FAILS(EINVAL, readlink("file", target, 4));
    FAILS(EINVAL, readlink(".", target, 4));
    FAILS(EINVAL, syscall(SYS_readlink, "link", target, 0));
    FAILS(EINVAL, syscall(SYS_readlink, "link", target, -1));
    FAILS(ENOENT, readlink("nothing", target, 4));
    FAILS(ENOENT, readlink("", target, 4));
    FAILS(ENOTDIR, readlink("file/x", target, 4));
    FAILS(EFAULT, readlink("link", unmapped(), 4));
    FAILS(EFAULT, readlink(unmapped(), target, 4));
    symlink("loop", "loop");
    FAILS(ELOOP, readlink("loop/x", target, 4));
    char longest[4097];
    memset(longest, 'l', 4096);
    longest[4096] = 0;
    FAILS(ENAMETOOLONG, symlink(longest, "y"));
    longest[4095] = 0;
    OK(symlink(longest, "y"));
    IS(64, readlink("y", target, 64));
    FAILS(ENAMETOOLONG, open("y", O_RDONLY));
    mkdir("closed", 0755);
    CHILD("exit 0", become_user(1000, 1000); FAILS(EACCES, symlink("x", "closed/y")));
    return done();
}
