// The rarer errnos of calls on paths.
#include "check.h"

int main(void) {
    char name[300] = "";
    memset(name, 'n', 299);
    make_file("file", "", 0600);
    mkdir("closed", 0700);
    make_file("closed/x", "", 0600);
    symlink("loop", "loop");
    char area[512];
    FAILS(ENAMETOOLONG, syscall(SYS_statx, AT_FDCWD, name, 0, 0x7ff, area));
    FAILS(ELOOP, syscall(SYS_statx, AT_FDCWD, "loop", 0, 0x7ff, area));
    CHILD("exit 0", become_user(1000, 1000);
          FAILS(EACCES, syscall(SYS_statx, AT_FDCWD, "closed/x", 0, 0x7ff, area)));
    FAILS(EINVAL, syscall(SYS_settimeofday, &(struct timeval){0, -1}, NULL));
    FAILS(EINVAL, lseek(open("file", O_RDONLY), 0, 9));
    FAILS(EPERM, (seteuid(1000), setgroups(0, NULL)));
    seteuid(0);
    int ends[2];
    pipe(ends);
    FAILS(EINVAL, ftruncate(ends[1], 0));
    FAILS(EBADF, ftruncate(99, 0));
    // A slash behind a link leads through each link behind it, also where the last one is not to be followed.
    OK(symlink("missing", "inner"));
    OK(symlink("inner", "outer"));
    FAILS(ENOENT, lchown("outer/", 1, 1));
    FAILS(ENOENT, readlink("outer/", name, 10));
    OK(lchown("outer", 1, 1));
    return done();
}
