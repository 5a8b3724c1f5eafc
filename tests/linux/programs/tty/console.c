// The console is a terminal: its settings, its size, and the errnos of the terminal calls.
#include "check.h"

int main(void) {
    int fd = OK(open("/dev/console", O_RDWR | O_NOCTTY));
    struct termios t, back;
    struct winsize size;
    IS(1, isatty(fd));
    OK(tcgetattr(fd, &t));
    SAY("ICANON %d ECHO %d ISIG %d OPOST %d ONLCR %d ICRNL %d", !!(t.c_lflag & ICANON), !!(t.c_lflag & ECHO),
        !!(t.c_lflag & ISIG), !!(t.c_oflag & OPOST), !!(t.c_oflag & ONLCR), !!(t.c_iflag & ICRNL));
    SAY("VINTR %d VEOF %d VERASE %d VKILL %d VSUSP %d VMIN %d VTIME %d", t.c_cc[VINTR], t.c_cc[VEOF],
        t.c_cc[VERASE], t.c_cc[VKILL], t.c_cc[VSUSP], t.c_cc[VMIN], t.c_cc[VTIME]);
    struct termios raw = t;
    cfmakeraw(&raw);
    OK(tcsetattr(fd, TCSANOW, &raw));
    OK(tcgetattr(fd, &back));
    TRUE((back.c_lflag & (ICANON | ECHO | ISIG)) == 0 && (back.c_oflag & OPOST) == 0);
    OK(tcsetattr(fd, TCSADRAIN, &t));
    OK(tcgetattr(fd, &back));
    TRUE(back.c_lflag == t.c_lflag && back.c_oflag == t.c_oflag && back.c_iflag == t.c_iflag);
    OK(ioctl(fd, TIOCGWINSZ, &size));
    size.ws_row = 24, size.ws_col = 80;
    OK(ioctl(fd, TIOCSWINSZ, &size));
    memset(&size, 0, sizeof size);
    OK(ioctl(fd, TIOCGWINSZ, &size));
    SAY("%d rows, %d columns", size.ws_row, size.ws_col);
    size = (struct winsize){0};
    ioctl(fd, TIOCSWINSZ, &size);
    FAILS(EFAULT, ioctl(fd, TCGETS, unmapped()));
    FAILS(EFAULT, ioctl(fd, TIOCGWINSZ, KERNEL_ADDRESS));
    FAILS(ENOTTY, ioctl(fd, 0x9999, 0));
    FAILS(ENOTTY, ioctl(fd, TIOCGPGRP, &size));
    FAILS(ENXIO, open("/dev/tty", O_RDWR));
    FAILS(EBADF, ioctl(99, TCGETS, &t));
    IS(0, isatty(0));
    FAILS(ESPIPE, lseek(fd, 0, SEEK_SET));
    return done();
}
