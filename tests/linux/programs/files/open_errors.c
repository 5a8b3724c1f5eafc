// The errnos of open().
#include "check.h"

int main(void) {
    make_file("file", "", 0644);
    symlink("loop_b", "loop_a");
    symlink("loop_a", "loop_b");
    symlink("self", "self");
    char name[300] = "", path[5000] = "";
    memset(name, 'n', sizeof name - 1);
    memset(path, '/', sizeof path - 1);
    FAILS(ENOENT, open("nothing", O_RDONLY));
    FAILS(ENOENT, open("", O_RDONLY));
    FAILS(ENOENT, open("nothing/below", O_CREAT | O_RDWR, 0644));
    FAILS(ENOTDIR, open("file/below", O_RDONLY));
    FAILS(ENOTDIR, open("file/", O_RDONLY));
    FAILS(EISDIR, open("new/", O_CREAT | O_RDWR, 0644));
    FAILS(ELOOP, open("loop_a", O_RDONLY));
    FAILS(ELOOP, open("self", O_RDONLY));
    FAILS(ENAMETOOLONG, open(name, O_RDONLY));
    FAILS(ENAMETOOLONG, open(path, O_RDONLY));
    FAILS(EFAULT, open(NULL, O_RDONLY));
    FAILS(EFAULT, open(unmapped(), O_RDONLY));
    FAILS(EFAULT, open(KERNEL_ADDRESS, O_RDONLY));
    FAILS(EFAULT, open(NON_CANONICAL, O_RDONLY));
    FAILS(EFAULT, open(memset(before_hole(4), 'x', 4), O_RDONLY));
    FAILS(ENXIO, open((mkfifo("fifo", 0600), "fifo"), O_WRONLY | O_NONBLOCK));
    mknod("device", S_IFCHR | 0600, makedev(250, 99));
    FAILS(ENXIO, open("device", O_RDONLY));
    FAILS(ETXTBSY, open("/proc/self/exe", O_WRONLY));
    CHILD("exit 0", {
        chmod("file", 0400);
        become_user(1000, 1000);
        FAILS(EACCES, open("file", O_RDONLY));
        FAILS(EPERM, open("/tests/files/open_errors", O_RDONLY | O_NOATIME));
    });
    return done();
}
