// A file lives on without a name as long as it is open.
#include "check.h"

int main(void) {
    make_file("file", "still here", 0644);
    int fd = OK(open("file", O_RDWR));
    OK(unlink("file"));
    FAILS(ENOENT, open("file", O_RDONLY));
    char data[16] = "";
    IS(10, read(fd, data, 16));
    SAY("%s", data);
    struct stat s;
    OK(fstat(fd, &s));
    IS(0, s.st_nlink);
    IS(3, write(fd, "...", 3));
    make_file("file", "new", 0644);
    struct stat t;
    stat("file", &t);
    TRUE(s.st_ino != t.st_ino);
    char path[64], link[128] = "";
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    readlink(path, link, sizeof link);
    SAY("/proc/self/fd says %s", strrchr(link, '/'));
    return done();
}
