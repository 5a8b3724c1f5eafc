// A sleep interrupted by stop and continue sleeps on for the time that is left.
#include "check.h"

int main(void) {
    pid_t child = SPAWN({
        struct pollfd none;
        long start = now_ms();
        IS(0, poll(&none, 0, 150));
        TRUE(now_ms() - start >= 149);
        start = now_ms();
        struct timespec time = {0, 150000000};
        IS(0, clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL));
        TRUE(now_ms() - start >= 149);
    });
    for (int i = 0; i < 4; i++) {
        nap_ms(25);
        kill(child, SIGSTOP);
        nap_ms(5);
        kill(child, SIGCONT);
    }
    check_end(child, "exit 0");
    return done();
}
