// Long reads of a master in packet mode: one byte that says what follows, and then all that there is.
#include "check.h"

#include <sys/ioctl.h>
#include <termios.h>

static int master, slave;
static char text[8192], got_text[8192];

/// Lets `count` bytes of the slave come to the master.
static void send_bytes(int count) {
    IS(count, write(slave, text, count));
    for (int there = 0, tries = 0; there < count && tries < 1000; ++tries) {
        OK(ioctl(master, FIONREAD, &there));
        if (there < count) nap_ms(1);
    }
}
static void check_read(long expected, long wanted, int first, int begin) {
    memset(got_text, 0, sizeof got_text);
    IS(expected, read(master, got_text, wanted));
    IS(first, got_text[0]);
    TRUE(expected < 2 || memcmp(got_text + 1, text + begin, expected - 1) == 0);
}

int main(void) {
    for (size_t i = 0; i < sizeof text; ++i) text[i] = 'a' + i % 23;
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK);
    int unlock = 0, on = 1;
    OK(ioctl(master, TIOCSPTLCK, &unlock));
    slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY);
    TRUE(slave >= 0);
    struct termios settings;
    OK(tcgetattr(slave, &settings));
    cfmakeraw(&settings);
    OK(tcsetattr(slave, TCSANOW, &settings));
    OK(ioctl(master, TIOCPKT, &on));

    const int sizes[] = {1, 62, 63, 64, 65, 126, 127, 128, 510, 511, 512, 513, 1000, 1500, 3000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
        send_bytes(sizes[i]);
        check_read(1 + sizes[i], sizeof got_text, 0, 0);
    }
    // In pieces of the reader's, each with a byte of its own.
    send_bytes(1500);
    check_read(600, 600, 0, 0);
    check_read(512, 512, 0, 599);
    check_read(1, 1, 0, 0);
    check_read(2, 2, 0, 1110);
    check_read(390, 1000, 0, 1111);
    FAILS(EAGAIN, read(master, got_text, 100));
    // A byte of events stands alone, before the bytes that wait.
    send_bytes(1000);
    OK(tcflush(slave, TCIFLUSH));
    check_read(1, sizeof got_text, TIOCPKT_FLUSHREAD, 0);
    check_read(1001, sizeof got_text, 0, 0);
    return done();
}
