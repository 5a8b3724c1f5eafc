// mknod(): files, fifos, devices, and its errnos.
#include "check.h"

int main(void) {
    umask(0);
    struct stat s;
    OK(mknod("file", S_IFREG | 0640, 0));
    OK(mknod("plain", 0640, 0));
    OK(mknod("fifo", S_IFIFO | 0640, 0));
    OK(mknod("null", S_IFCHR | 0666, makedev(1, 3)));
    OK(mknod("block", S_IFBLK | 0600, makedev(7, 0)));
    const char* names[] = {"file", "plain", "fifo", "null", "block"};
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        stat(names[i], &s);
        SAY("%s: %s %d:%d", names[i], type_name(s.st_mode), major(s.st_rdev), minor(s.st_rdev));
    }
    int fd = OK(open("null", O_RDWR));
    IS(3, write(fd, "abc", 3));
    FAILS(EEXIST, mknod("file", S_IFREG | 0640, 0));
    FAILS(EPERM, mknod("x", S_IFDIR | 0640, 0));
    FAILS(EINVAL, mknod("x", S_IFLNK | 0640, 0));
    FAILS(ENOENT, mknod("no/x", S_IFREG | 0640, 0));
    FAILS(ENOTDIR, mknod("file/x", S_IFREG | 0640, 0));
    FAILS(EFAULT, mknod(unmapped(), S_IFREG | 0640, 0));
    FAILS(EBADF, mknodat(99, "x", S_IFREG | 0640, 0));
    CHILD("exit 0", {
        chmod(".", 0777);
        become_user(1000, 1000);
        FAILS(EPERM, mknod("x", S_IFCHR | 0666, makedev(1, 3)));
        OK(mknod("y", S_IFIFO | 0600, 0));
        chdir("/");
        FAILS(EACCES, mknod("x", S_IFREG | 0666, 0));
    });
    return done();
}
