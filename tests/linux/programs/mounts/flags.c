// MS_RDONLY, MS_NODEV, MS_NOEXEC and remounting.
#include "check.h"

int main(int argc, char** argv) {
    (void)argc;
    mkdir("m", 0755);
    OK(mount("none", "m", "tmpfs", 0, NULL));
    make_file("m/file", "x", 0644);
    mknod("m/null", S_IFCHR | 0666, makedev(1, 3));
    int fd = open("m/file", O_WRONLY);
    FAILS(EBUSY, mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL));
    close(fd);
    OK(mount(NULL, "m", NULL, MS_REMOUNT | MS_RDONLY, NULL));
    FAILS(EROFS, open("m/file", O_WRONLY));
    FAILS(EROFS, open("m/new", O_CREAT | O_RDWR, 0644));
    FAILS(EROFS, mkdir("m/d", 0755));
    FAILS(EROFS, unlink("m/file"));
    FAILS(EROFS, rmdir("m/d2"));
    FAILS(EROFS, rename("m/file", "m/x"));
    FAILS(EROFS, link("m/file", "m/x"));
    FAILS(EROFS, symlink("x", "m/x"));
    FAILS(EROFS, chmod("m/file", 0600));
    FAILS(EROFS, chown("m/file", 0, 0));
    FAILS(EROFS, truncate("m/file", 0));
    FAILS(EROFS, utimensat(AT_FDCWD, "m/file", NULL, 0));
    FAILS(EROFS, mknod("m/x", S_IFREG | 0600, 0));
    FAILS(EROFS, access("m/file", W_OK));
    OK(access("m/file", R_OK));
    OK(close(open("m/null", O_WRONLY)));
    FAILS(EEXIST, mkdir("m/file", 0755));
    OK(mount(NULL, "m", NULL, MS_REMOUNT | MS_NODEV | MS_NOEXEC, NULL));
    FAILS(EACCES, open("m/null", O_WRONLY));
    make_file("m/script", "#!/bin/sh\n", 0755);
    FAILS(EACCES, execv("m/script", argv));
    FAILS(EACCES, access("m/script", X_OK));
    return done();
}
