// setsid(), setpgid(), getsid(), getpgid(), and their errnos.
#include "check.h"

int main(void) {
    FAILS(EPERM, setsid());
    TRUE(getsid(0) == getpid() && getpgrp() == getpid());
    FAILS(EPERM, setpgid(0, 0));
    CHILD("exit 0", {
        pid_t old = getsid(0);
        TRUE(getpgrp() != getpid());
        TRUE(setsid() == getpid());
        TRUE(getsid(0) == getpid() && getpgrp() == getpid() && getsid(0) != old);
        FAILS(EPERM, setsid());
        FAILS(EPERM, setpgid(0, old));
    });
    pid_t child = SPAWN(nap_ms(300));
    OK(setpgid(child, child));
    TRUE(getpgid(child) == child);
    OK(setpgid(child, getpgrp()));
    FAILS(EINVAL, setpgid(child, -1));
    FAILS(EPERM, setpgid(child, 999999));
    FAILS(ESRCH, setpgid(999999, 0));
    FAILS(ESRCH, setpgid(1, 1));
    FAILS(ESRCH, getpgid(999999));
    FAILS(ESRCH, getsid(999999));
    check_end(child, "exit 0");
    int ends[2];
    pipe(ends);
    char byte;
    child =
        SPAWN(close(ends[0]); fcntl(ends[1], F_SETFD, FD_CLOEXEC); execl("/bin/busybox", "sleep", "1", NULL));
    close(ends[1]);
    IS(0, read(ends[0], &byte, 1));
    FAILS(EACCES, setpgid(child, child));
    kill(child, SIGKILL);
    check_end(child, "SIGKILL");
    child = SPAWN(setsid(); nap_ms(300));
    nap_ms(50);
    FAILS(EPERM, setpgid(child, getpgrp()));
    check_end(child, "exit 0");
    return done();
}
