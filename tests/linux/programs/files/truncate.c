// truncate() and ftruncate(): shorter, longer, and their errnos.
#include "check.h"

int main(void) {
    make_file("file", "0123456789", 0644);
    mkdir("folder", 0755);
    OK(truncate("file", 4));
    SAY("%s", content_of("file"));
    OK(truncate("file", 6));
    int fd = OK(open("file", O_RDWR)), reader = OK(open("file", O_RDONLY)), ends[2];
    char data[8] = "xxxxxxx";
    IS(6, read(fd, data, 8));
    TRUE(memcmp(data, "0123\0\0", 6) == 0);
    OK(ftruncate(fd, 2));
    IS(0, read(fd, data, 8));
    FAILS(EINVAL, ftruncate(reader, 0));
    FAILS(EINVAL, ftruncate(fd, -1));
    FAILS(EBADF, ftruncate(99, 0));
    pipe(ends);
    FAILS(EINVAL, ftruncate(ends[1], 0));
    FAILS(EINVAL, truncate("file", -1));
    FAILS(ENOENT, truncate("nothing", 0));
    FAILS(EISDIR, truncate("folder", 0));
    FAILS(ENOTDIR, truncate("file/x", 0));
    FAILS(EFAULT, truncate(unmapped(), 0));
    FAILS(EINVAL, truncate("/dev/null", 0));
    FAILS(ETXTBSY, truncate("/proc/self/exe", 0));
    char name[300] = "";
    memset(name, 'n', 299);
    FAILS(ENAMETOOLONG, truncate(name, 0));
    symlink("loop", "loop");
    FAILS(ELOOP, truncate("loop", 0));
    chmod("file", 0444);
    CHILD("exit 0", become_user(1000, 1000); FAILS(EACCES, truncate("file", 0)));
    return done();
}
