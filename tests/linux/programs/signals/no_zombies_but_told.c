// SA_NOCLDWAIT: no zombie is left, but a handler is told (sigaction(2)).
#include "check.h"

static volatile int told;

static void count(int number) {
    (void)number;
    told++;
}

int main(void) {
    handle(SIGCHLD, count, SA_NOCLDWAIT | SA_RESTART);
    pid_t child = SPAWN(_exit(3));
    FAILS(ECHILD, waitpid(child, NULL, 0));
    IS(1, told);
    return done();
}
