// A session takes the console as its terminal: TIOCSCTTY, /dev/tty, foreground groups, TIOCNOTTY.
#include "check.h"

int main(void) {
    int fd = OK(open("/dev/console", O_RDWR));
    pid_t group = 0;
    CHILD("exit 0", {
        setsid();
        long got = ioctl(fd, TIOCSCTTY, 0);
        SAY("TIOCSCTTY: %s", got == 0 ? "ok" : error_name(errno));
        if (got == 0) {
            OK(close(open("/dev/tty", O_RDWR)));
            OK(ioctl(fd, TIOCGPGRP, &group));
            TRUE(group == getpgrp());
            OK(ioctl(fd, TIOCGSID, &group));
            TRUE(group == getsid(0));
            pid_t child = SPAWN(setpgid(0, 0); nap_ms(60));
            setpgid(child, child);
            OK(tcsetpgrp(fd, child));
            TRUE(tcgetpgrp(fd) == child);
            signal(SIGTTOU, SIG_IGN);
            OK(tcsetpgrp(fd, getpgrp()));
            FAILS(EPERM, tcsetpgrp(fd, 1));
            FAILS(ESRCH, tcsetpgrp(fd, 99999));
            FAILS(ESRCH, tcsetpgrp(fd, 0));
            check_end(child, "exit 0");
            signal(SIGHUP, SIG_IGN);
            OK(ioctl(fd, TIOCNOTTY));
            FAILS(ENXIO, open("/dev/tty", O_RDWR));
        }
    });
    FAILS(ENOTTY, tcgetpgrp(fd));
    return done();
}
