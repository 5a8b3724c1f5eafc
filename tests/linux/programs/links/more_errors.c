// The rarer errnos of the calls that make and remove names.
#include "check.h"

int main(void) {
    char name[300] = "";
    memset(name, 'n', 299);
    symlink("loop", "loop");
    FAILS(ELOOP, symlink("x", "loop/y"));
    FAILS(ELOOP, mknod("loop/y", S_IFREG | 0600, 0));
    FAILS(ENAMETOOLONG, mknod(name, S_IFREG | 0600, 0));
    FAILS(ENAMETOOLONG, chown(name, 0, 0));
    FAILS(ENAMETOOLONG, rmdir(name));
    FAILS(ENAMETOOLONG, readlink(name, (char[4]){0}, 4));
    FAILS(ENAMETOOLONG, chroot(name));
    FAILS(ELOOP, chroot("loop"));
    FAILS(EACCES,
          (mkdir("closed", 0700), make_file("closed/x", "", 0600), seteuid(1000), chroot("closed/x")));
    FAILS(EACCES, readlink("closed/x", (char[4]){0}, 4));
    seteuid(0);
    FAILS(EINVAL, unlinkat(AT_FDCWD, "x", 0x8000));
    FAILS(EPERM, unlink("/proc/self/stat"));
    FAILS(ENAMETOOLONG, mount("none", name, "tmpfs", 0, NULL));
    FAILS(ELOOP, mount("none", "loop", "tmpfs", 0, NULL));
    return done();
}
