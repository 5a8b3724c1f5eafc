// chmod() and fchmod(): which bits stay, who may, and their errnos.
#include "check.h"

int main(void) {
    struct stat s;
    make_file("file", "", 0644);
    mkdir("folder", 0755);
    symlink("file", "link");
    OK(chmod("file", 07777));
    stat("file", &s);
    SAY("%o", s.st_mode & 07777);
    OK(chmod("link", 0100));
    stat("file", &s);
    SAY("%o", s.st_mode & 07777);
    OK(chmod("folder", 01770));
    stat("folder", &s);
    SAY("%o", s.st_mode);
    int fd = open("file", O_RDONLY);
    OK(fchmod(fd, 0666));
    OK(fchmodat(AT_FDCWD, "file", 0644, 0));
    FAILS(ENOENT, chmod("nothing", 0644));
    FAILS(ENOENT, chmod("", 0644));
    FAILS(ENOTDIR, chmod("file/x", 0644));
    FAILS(EFAULT, chmod(unmapped(), 0644));
    FAILS(EBADF, fchmod(99, 0644));
    FAILS(EBADF, syscall(SYS_fchmodat, 99, "file", 0644));
    symlink("loop", "loop");
    FAILS(ELOOP, chmod("loop", 0644));
    char name[300] = "";
    memset(name, 'n', 299);
    FAILS(ENAMETOOLONG, chmod(name, 0644));
    mkdir("closed", 0700);
    chown("file", 1000, 50);
    CHILD("exit 0", {
        become_user(1000, 1000);
        OK(chmod("file", 06755));
        stat("file", &s);
        SAY("set-group-id goes when the group is not one's own: %o", s.st_mode & 07777);
        FAILS(EPERM, chmod("folder", 0777));
        FAILS(EACCES, chmod("closed/x", 0777));
    });
    CHILD("exit 0", become_user(1001, 1001); FAILS(EPERM, chmod("file", 0777));
          FAILS(EPERM, fchmod(fd, 0777)));
    return done();
}
