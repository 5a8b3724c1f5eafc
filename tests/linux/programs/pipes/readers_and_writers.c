// The last writer's end is the end of the pipe, whichever process held it.
#include "check.h"

int main(void) {
    int ends[2];
    char byte;
    pipe(ends);
    pid_t child = SPAWN(close(ends[0]); nap_ms(40); write(ends[1], "1", 1); nap_ms(40));
    pid_t other = SPAWN(close(ends[0]); nap_ms(120); write(ends[1], "2", 1));
    close(ends[1]);
    IS(1, read(ends[0], &byte, 1));
    check_end(child, "exit 0");
    IS(1, read(ends[0], &byte, 1));
    IS(0, read(ends[0], &byte, 1));
    check_end(other, "exit 0");
    pipe(ends);
    child = SPAWN(close(ends[1]); nap_ms(500));
    close(ends[0]);
    IS(1, write(ends[1], "x", 1));
    kill(child, SIGKILL);
    check_end(child, "SIGKILL");
    signal(SIGPIPE, SIG_IGN);
    FAILS(EPIPE, write(ends[1], "x", 1));
    return done();
}
