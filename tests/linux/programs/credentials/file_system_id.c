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

    // setresuid and setresgid take it along, but not where they ask for nothing new.
    CHILD("exit 0", {
        syscall(SYS_setfsuid, 1000);
        OK(setresuid(-1, -1, -1));
        IS(1000, syscall(SYS_setfsuid, -1));
        OK(setresuid(0, -1, 0));
        IS(1000, syscall(SYS_setfsuid, -1));
        OK(setresuid(-1, 0, -1));
        IS(0, syscall(SYS_setfsuid, 1000));
        OK(setresuid(-1, -1, 5));
        IS(0, syscall(SYS_setfsuid, -1));
        syscall(SYS_setfsgid, 1000);
        OK(setresgid(-1, -1, -1));
        IS(1000, syscall(SYS_setfsgid, -1));
        OK(setresgid(0, -1, 0));
        IS(1000, syscall(SYS_setfsgid, -1));
        OK(setresgid(-1, 0, -1));
        IS(0, syscall(SYS_setfsgid, 1000));
        OK(setresgid(-1, -1, 5));
        IS(0, syscall(SYS_setfsgid, -1));
    });
    return done();
}
