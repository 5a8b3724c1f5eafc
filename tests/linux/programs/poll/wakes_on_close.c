// A waiting poll() and read() notice that the other end goes away.
#include "check.h"

int main(void) {
    int ends[2];
    char byte;
    pipe(ends);
    pid_t child = SPAWN(close(ends[0]); nap_ms(40));
    close(ends[1]);
    struct pollfd p = {ends[0], POLLIN, 0};
    IS(1, poll(&p, 1, 10000));
    SAY("%s", p.revents == POLLHUP ? "HUP" : "something else");
    IS(0, read(ends[0], &byte, 1));
    check_end(child, "exit 0");
    pipe(ends);
    child = SPAWN(close(ends[1]); nap_ms(40));
    close(ends[0]);
    static char big[65536];
    write(ends[1], big, 65536);
    p = (struct pollfd){ends[1], POLLOUT, 0};
    IS(1, poll(&p, 1, 10000));
    SAY("%d", p.revents & POLLERR ? 1 : 0);
    check_end(child, "exit 0");
    return done();
}
