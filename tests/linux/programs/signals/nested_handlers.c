// A handler interrupted by another; each returns to where it was, with all registers.
#include "check.h"

static volatile int depth, deepest;

static void second(int signal) {
    (void)signal;
    depth++;
    deepest = depth > deepest ? depth : deepest;
    depth--;
}

static void first(int signal) {
    (void)signal;
    depth++;
    raise(SIGUSR2);
    depth--;
}

int main(void) {
    handle(SIGUSR1, first, 0), handle(SIGUSR2, second, 0);
    unsigned long sum = 0, expected = 0;
    for (unsigned long i = 0; i < 2000; i++) {
        if (i % 10 == 0) raise(SIGUSR1);
        sum = sum * 31 + i;
    }
    for (unsigned long i = 0; i < 2000; i++) expected = expected * 31 + i;
    TRUE(sum == expected);
    IS(2, deepest);
    IS(0, depth);
    return done();
}
