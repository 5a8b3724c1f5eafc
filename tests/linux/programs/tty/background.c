// limit: 20
// A background group that reads its terminal, or writes with TOSTOP, is stopped.
#include "check.h"

int main(void) {
    CHILD("exit 0", {
        setsid();
        int fd = open("/dev/console", O_RDWR | O_NOCTTY), status;
        OK(ioctl(fd, TIOCSCTTY, 0));
        OK(close(fd));
        fd = OK(open("/dev/tty", O_RDWR));
        char byte;
        pid_t child = SPAWN(setpgid(0, 0); nap_ms(30); read(fd, &byte, 1));
        setpgid(child, child);
        waitpid(child, &status, WUNTRACED);
        SAY("reading: %s", ending(status));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        child = SPAWN(setpgid(0, 0); signal(SIGTTIN, SIG_IGN); nap_ms(30); FAILS(EIO, read(fd, &byte, 1)));
        setpgid(child, child);
        check_end(child, "exit 0");
        child =
            SPAWN(setpgid(0, 0); nap_ms(30); struct termios t; tcgetattr(fd, &t); tcsetattr(fd, TCSANOW, &t));
        setpgid(child, child);
        waitpid(child, &status, WUNTRACED);
        SAY("changing settings: %s", ending(status));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    });
    return done();
}
