// /proc cannot be changed like a file system.
#include "check.h"

int main(void) {
    TRUE(open("/proc/new", O_CREAT | O_RDWR, 0600) < 0);
    TRUE(mkdir("/proc/new", 0700) < 0);
    FAILS(EPERM, unlink("/proc/uptime"));
    TRUE(rename("/proc/uptime", "/proc/x") < 0);
    FAILS(EACCES, (become_user(1000, 1000), open("/proc/uptime", O_WRONLY)));
    char byte;
    int fd = OK(open("/proc/uptime", O_RDONLY));
    IS(1, read(fd, &byte, 1));
    IS(0, lseek(fd, 0, SEEK_SET));
    IS(1, read(fd, &byte, 1));
    FAILS(EFAULT, read(fd, unmapped(), 10));
    struct stat s;
    stat("/proc/uptime", &s);
    SAY("%s mode %o size %ld", type_name(s.st_mode), s.st_mode & 07777, (long)s.st_size);
    fd = OK(open("/proc/self/status", O_RDONLY));
    long small = 0, n;
    char three[3];
    while ((n = read(fd, three, 3)) > 0) small += n;
    TRUE(small > 200);
    return done();
}
