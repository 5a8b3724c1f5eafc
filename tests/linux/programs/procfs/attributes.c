// What can be changed of /proc/PID: nothing of the directory itself, no modes below it, and nothing can be made or removed.
#include "check.h"

int main(void) {
    struct stat s;
    lstat("/proc/self", &s);
    SAY("%s, blocks of %ld", type_name(s.st_mode), (long)s.st_blksize);
    lstat("/proc/self/exe", &s);
    SAY("%s, blocks of %ld", type_name(s.st_mode), (long)s.st_blksize);
    stat("/proc/self/status", &s);
    SAY("%s, blocks of %ld", type_name(s.st_mode), (long)s.st_blksize);
    FAILS(EPERM, chown("/proc/self", 0, 0));
    FAILS(EPERM, chmod("/proc/self", 0555));
    FAILS(EPERM, utimensat(AT_FDCWD, "/proc/self", NULL, 0));
    FAILS(EPERM, access("/proc/self", W_OK));
    OK(access("/proc/self", R_OK));
    FAILS(EPERM, chmod("/proc/self/status", 0444));
    FAILS(EPERM, chmod("/proc/self/fd", 0555));
    OK(chown("/proc/self/status", 0, 0));
    FAILS(EPERM, rmdir("/proc/self/exe"));
    FAILS(EPERM, unlink("/proc/self/status"));
    // A name that is not there cannot even be asked for.
    FAILS(ENOENT, mkdir("/proc/self/new", 0755));
    FAILS(ENOENT, symlink("x", "/proc/self/new"));
    FAILS(ENOENT, open("/proc/self/fd/new", O_CREAT | O_RDWR, 0644));
    FAILS(ENOENT, mkdir("/proc/new", 0755));
    FAILS(ENOENT, open("/proc/sys/kernel/new", O_CREAT | O_RDWR, 0644));
    FAILS(ENOENT, rmdir("/proc/self/new"));
    CHILD("exit 0", {
        become_user(1000, 1000);
        FAILS(EPERM, access("/proc/1", W_OK));
        FAILS(EPERM, chown("/proc/1", 1000, 1000));
    });
    return done();
}
