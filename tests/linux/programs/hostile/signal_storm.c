// limit: 40
// Thousands of signals between processes that fork, wait and write all the while.
#include "check.h"

static volatile long got;
static void count(int signal) { (void)signal, got++; }

int main(void) {
    handle(SIGUSR1, count, SA_RESTART);
    pid_t self = getpid();
    pid_t senders[3];
    for (int i = 0; i < 3; i++)
        senders[i] = SPAWN(signal(SIGUSR1, SIG_IGN); for (int k = 0; k < 400; k++) {
            kill(self, SIGUSR1);
            if (k % 10 == 0) sched_yield();
        });
    int ends[2], wrong = 0;
    pipe(ends);
    for (int i = 0; i < 60; i++) {
        pid_t child = fork();
        if (child == 0) {
            signal(SIGUSR1, SIG_IGN);
            write(ends[1], "x", 1);
            _exit(i);
        }
        char byte;
        int status = 0;
        wrong += read(ends[0], &byte, 1) != 1;
        wrong += waitpid(child, &status, 0) != child || WEXITSTATUS(status) != i;
    }
    IS(0, wrong);
    for (int i = 0; i < 3; i++) check_end(senders[i], "exit 0");
    TRUE(got > 0);
    return done();
}
