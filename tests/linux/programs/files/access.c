// access() and faccessat() for root and for a user, by real ids, and their errnos.
#include "check.h"

int main(void) {
    make_file("none", "", 0000);
    make_file("all", "", 0777);
    make_file("group", "", 0040);
    chown("group", 0, 1000);
    OK(access("none", F_OK));
    OK(access("none", R_OK | W_OK));
    FAILS(EACCES, access("none", X_OK));
    OK(access("all", R_OK | W_OK | X_OK));
    FAILS(EINVAL, access("all", 64));
    FAILS(ENOENT, access("nothing", F_OK));
    FAILS(ENOTDIR, access("all/x", F_OK));
    FAILS(EFAULT, access(unmapped(), F_OK));
    symlink("loop", "loop");
    FAILS(ELOOP, access("loop", F_OK));
    char name[300] = "";
    memset(name, 'n', 299);
    FAILS(ENAMETOOLONG, access(name, F_OK));
    CHILD("exit 0", {
        become_user(1000, 1000);
        OK(access("none", F_OK));
        FAILS(EACCES, access("none", R_OK));
        OK(access("group", R_OK));
        FAILS(EACCES, access("group", R_OK | W_OK));
    });
    CHILD("exit 0", {
        setresuid(1000, 0, 0);
        FAILS(EACCES, access("none", R_OK));
        OK(faccessat(AT_FDCWD, "none", R_OK, AT_EACCESS));
    });
    FAILS(EINVAL, faccessat(AT_FDCWD, "all", R_OK, 0x8000));
    FAILS(EBADF, faccessat(99, "all", R_OK, 0));
    FAILS(ENOTDIR, faccessat(open("all", O_RDONLY), "x", R_OK, 0));
    return done();
}
