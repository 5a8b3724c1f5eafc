// The terminal that programs play with is the second serial port. The host keeps what it shows.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "guest.h"

#define TERMINAL "/dev/ttyS1"

/// Whatever has become of it.
static int open_settled(void) {
    // A program without all powers cannot open it while TIOCEXCL holds; this one can.
    const int fd = open(TERMINAL, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    struct termios settings = {.c_iflag = ICRNL | IXON,
                               .c_oflag = OPOST | ONLCR,
                               .c_cflag = CS8 | CREAD | HUPCL | CLOCAL,
                               .c_lflag = ISIG | ICANON | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN,
                               .c_cc = {3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22, 0}};
    cfsetspeed(&settings, B9600);
    ioctl(fd, TIOCNXCL);
    ioctl(fd, TIOCCBRK);
    tcflow(fd, TCOON);
    tcflush(fd, TCIOFLUSH);
    tcsetattr(fd, TCSANOW, &settings);
    return fd;
}

void reset_terminal(void) {
    const struct winsize nothing = {0};
    const int fd = open_settled();
    ioctl(fd, TIOCSWINSZ, &nothing);
    close(fd);
}

void mark_terminal(uint32_t sequence) {
    char text[32];
    const int fd = open_settled();
    const int size = snprintf(text, sizeof(text), TERMINAL_MARK "%u" TERMINAL_MARK, sequence);
    write(fd, text, (size_t)size);
    tcdrain(fd);
    close(fd);
}
