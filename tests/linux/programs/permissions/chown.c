// chown(): who may, what happens to the set-id bits, and its errnos.
#include "check.h"

int main(void) {
    struct stat s;
    make_file("file", "", 06755);
    symlink("file", "link");
    chmod(".", 0755);  // fs.protected_symlinks looks at folders for everybody
    OK(chown("file", 1000, 1000));
    stat("file", &s);
    SAY("%d %d %o", s.st_uid, s.st_gid, s.st_mode & 07777);
    OK(chown("file", -1, 50));
    OK(chown("file", 1001, -1));
    stat("file", &s);
    SAY("%d %d", s.st_uid, s.st_gid);
    OK(lchown("link", 7, 8));
    lstat("link", &s);
    SAY("%d %d", s.st_uid, s.st_gid);
    OK(chown("link", 1000, 1000));
    stat("file", &s);
    SAY("%d %d", s.st_uid, s.st_gid);
    int fd = open("file", O_RDONLY);
    OK(fchown(fd, 1000, 50));
    OK(fchownat(fd, "", 1000, 1000, AT_EMPTY_PATH));
    FAILS(EINVAL, fchownat(fd, "", 1000, 1000, 0x8000));
    FAILS(EBADF, fchown(99, 0, 0));
    FAILS(EBADF, fchownat(99, "x", 0, 0, 0));
    FAILS(ENOENT, chown("nothing", 0, 0));
    FAILS(ENOTDIR, chown("file/x", 0, 0));
    FAILS(EFAULT, chown(unmapped(), 0, 0));
    symlink("loop", "loop");
    FAILS(ELOOP, chown("loop", 0, 0));
    OK(lchown("loop", 0, 0));
    chmod("file", 06755);
    CHILD("exit 0", {
        gid_t groups[] = {50};
        setgroups(1, groups), setgid(1000), setuid(1000);
        OK(chown("file", -1, 50));
        stat("file", &s);
        SAY("%d %d %o", s.st_uid, s.st_gid, s.st_mode & 07777);
        OK(chown("file", 1000, 1000));
        FAILS(EPERM, chown("file", 1000, 77));
        FAILS(EPERM, chown("file", 1001, -1));
        FAILS(EPERM, chown("link", 0, 0));
    });
    mkdir("closed", 0700);
    CHILD("exit 0", become_user(1001, 1001); FAILS(EPERM, chown("file", 1001, 1001));
          FAILS(EACCES, chown("closed/x", 0, 0)));
    return done();
}
