// limit: 20
// How much a read of a terminal waits for: EXTPROC beside ICANON, a VMIN above what one step of a read holds, TIOCSETD.
#include "check.h"

#include <poll.h>

static struct termios settings;

static void set(int fd, tcflag_t on, tcflag_t off, int minimum, int tenths) {
    struct termios t = settings;
    t.c_lflag = (t.c_lflag | on) & ~(off | ECHO);
    t.c_cc[VMIN] = minimum;
    t.c_cc[VTIME] = tenths;
    OK(tcsetattr(fd, TCSANOW, &t));
}

static void type(int fd, const char* keys) {
    while (*keys != 0 && ioctl(fd, TIOCSTI, keys) == 0) ++keys;
    IS(0, *keys);
}

int main(void) {
    int fd = OK(open("/dev/console", O_RDWR | O_NOCTTY | O_NONBLOCK));
    static char bytes[200];
    OK(tcgetattr(fd, &settings));
    OK(tcflush(fd, TCIFLUSH));

    // Lines that are made elsewhere: a read waits for a byte, whatever VMIN and VTIME say.
    set(fd, EXTPROC, 0, 0, 0);
    FAILS(EAGAIN, read(fd, bytes, 10));
    set(fd, EXTPROC, 0, 3, 0);
    type(fd, "ab");
    IS(0, poll(&(struct pollfd){fd, POLLIN, 0}, 1, 0));
    IS(2, read(fd, bytes, 10));
    type(fd, "\4");
    IS(0, read(fd, bytes, 10));
    FAILS(EAGAIN, read(fd, bytes, 10));

    // What was no line yet can be read, and what was two lines becomes one.
    set(fd, 0, EXTPROC, 1, 0);
    type(fd, "half");
    FAILS(EAGAIN, read(fd, bytes, 10));
    set(fd, EXTPROC, 0, 1, 0);
    IS(4, read(fd, bytes, 10));
    type(fd, "one\ntwo");
    set(fd, 0, EXTPROC, 1, 0);
    IS(7, read(fd, bytes, 10));

    // A read takes 64 bytes at first, and waits no longer once it has them.
    set(fd, 0, ICANON, 100, 0);
    for (int i = 0; i < 8; ++i) type(fd, "0123456789");
    IS(64, read(fd, bytes, sizeof bytes));
    IS(16, read(fd, bytes, sizeof bytes));
    set(fd, 0, ICANON, 10, 0);
    for (int i = 0; i < 8; ++i) type(fd, "0123456789");
    IS(80, read(fd, bytes, sizeof bytes));

    // Of a read that cannot be given, as much is lost.
    set(fd, 0, 0, 1, 0);
    for (int i = 0; i < 8; ++i) type(fd, "0123456789");
    type(fd, "\n");
    FAILS(EFAULT, read(fd, unmapped(), sizeof bytes));
    IS(17, read(fd, bytes, sizeof bytes));

    // A write that cannot be read whole writes nothing.
    char* page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    OK(munmap(page + PAGE, PAGE));
    memset(page + PAGE - 96, 'x', 96);
    FAILS(EFAULT, write(fd, page + PAGE - 96, 200));

    // Another line discipline sends away who waits, also if it is the same.
    int waiting = OK(open("/dev/console", O_RDWR | O_NOCTTY));
    pid_t child = SPAWN(exit(read(waiting, bytes, 10) == -1 && errno == EAGAIN ? 7 : 8));
    nap_ms(100);
    int discipline = 0;
    OK(ioctl(fd, TIOCSETD, &discipline));
    check_end(child, "exit 7");

    OK(tcsetattr(fd, TCSANOW, &settings));
    return done();
}
