// pipe2(O_DIRECT): each write is a packet, and each read takes one, or its beginning.
#include "check.h"

static char big[3 * 4096];

int main(void) {
    int ends[2];
    char data[8192];
    OK(syscall(SYS_pipe2, ends, O_DIRECT | O_NONBLOCK));
    SAY("%x %x", fcntl(ends[0], F_GETFL), fcntl(ends[1], F_GETFL));
    IS(3, write(ends[1], "abc", 3));
    IS(5, write(ends[1], "defgh", 5));
    IS(0, write(ends[1], "", 0));
    int waiting = 0;
    ioctl(ends[0], FIONREAD, &waiting);
    IS(8, waiting);
    IS(3, read(ends[0], data, sizeof data));
    IS(2, read(ends[0], data, 2));
    SAY("%.2s", data);
    FAILS(EAGAIN, read(ends[0], data, sizeof data));  // the packet's rest is lost
    IS(5000, write(ends[1], big, 5000));
    IS(4096, read(ends[0], data, sizeof data));
    IS(904, read(ends[0], data, sizeof data));
    for (int i = 0; i < 16; i++) OK(write(ends[1], "x", 1));
    FAILS(EAGAIN, write(ends[1], "x", 1));
    for (int i = 0; i < 16; i++) IS(1, read(ends[0], data, sizeof data));
    // It can be switched on and off.
    OK(fcntl(ends[1], F_SETFL, O_NONBLOCK));
    OK(write(ends[1], "ab", 2));
    OK(write(ends[1], "cd", 2));
    IS(4, read(ends[0], data, sizeof data));
    OK(fcntl(ends[1], F_SETFL, O_NONBLOCK | O_DIRECT));
    OK(write(ends[1], "ab", 2));
    OK(write(ends[1], "cd", 2));
    IS(2, read(ends[0], data, sizeof data));
    IS(2, read(ends[0], data, sizeof data));
    return done();
}
