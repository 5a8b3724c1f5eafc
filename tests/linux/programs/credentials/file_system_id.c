// setfsuid() alone decides about files; the effective id goes along when it changes.
#include "check.h"

int main(void) {
    make_file("roots", "", 0600);
    make_file("users", "", 0600);
    chown("users", 1000, 1000);
    syscall(SYS_setfsuid, 1000);
    FAILS(EACCES, open("roots", O_RDONLY));
    OK(open("users", O_RDONLY));
    int fd = OK(open("new", O_CREAT | O_RDWR, 0600));
    struct stat s;
    fstat(fd, &s);
    IS(1000, s.st_uid);
    syscall(SYS_setfsuid, 0);
    OK(open("roots", O_RDONLY));
    syscall(SYS_setresuid, -1, 1000, -1);
    FAILS(EACCES, open("roots", O_RDONLY));
    syscall(SYS_setresuid, -1, 0, -1);
    OK(open("roots", O_RDONLY));
    return done();
}
