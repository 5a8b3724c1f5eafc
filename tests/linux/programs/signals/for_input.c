// O_ASYNC: a signal when something can be read.
#include "check.h"

static volatile int signals;
static void count(int signal) {
    (void)signal;
    signals++;
}

int main(void) {
    int ends[2];
    OK(pipe(ends));
    handle(SIGIO, count, SA_RESTART);
    OK(fcntl(ends[0], F_SETOWN, getpid()));
    IS(getpid() - getpid(), fcntl(ends[0], F_GETOWN) - getpid());
    OK(fcntl(ends[0], F_SETFL, O_ASYNC));
    IS(O_ASYNC, fcntl(ends[0], F_GETFL) & O_ASYNC);
    IS(1, write(ends[1], "x", 1));
    SAY("signals: %d", signals);
    OK(fcntl(ends[0], F_SETFL, 0));
    IS(1, write(ends[1], "x", 1));
    SAY("signals: %d", signals);
    return done();
}
