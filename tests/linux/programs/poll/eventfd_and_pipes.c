// One waiter, several sources: whichever comes first wakes it.
#include "check.h"

int main(void) {
    int event = eventfd(0, EFD_NONBLOCK), ends[2];
    pipe(ends);
    struct pollfd p[2] = {{event, POLLIN, 0}, {ends[0], POLLIN, 0}};
    for (int round = 0; round < 4; round++) {
        pid_t child = SPAWN(nap_ms(20); uint64_t one = 1; if (round % 2) write(ends[1], "x", 1);
                            else write(event, &one, 8));
        IS(1, poll(p, 2, 5000));
        SAY("%s", p[0].revents ? "event" : "pipe");
        uint64_t value;
        read(p[0].revents ? event : ends[0], &value, p[0].revents ? 8 : 1);
        check_end(child, "exit 0");
    }
    return done();
}
