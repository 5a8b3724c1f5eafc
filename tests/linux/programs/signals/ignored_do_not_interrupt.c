// Ignored signals, and signals whose default is nothing, interrupt no wait; stopping and going on neither.
#include "check.h"

int main(void) {
    int ends[2];
    char byte;
    pipe(ends);
    signal(SIGUSR1, SIG_IGN);
    pid_t self = getpid();
    pid_t child = SPAWN(nap_ms(20); kill(self, SIGUSR1); kill(self, SIGWINCH); kill(self, SIGURG); nap_ms(20);
                        write(ends[1], "x", 1));
    IS(1, read(ends[0], &byte, 1));
    check_end(child, "exit 0");
    child = SPAWN({
        long start = now_ms();
        struct timespec time = {0, 200000000};
        OK(nanosleep(&time, NULL));
        TRUE(now_ms() - start >= 199);
    });
    nap_ms(30);
    kill(child, SIGSTOP);
    nap_ms(30);
    kill(child, SIGCONT);
    check_end(child, "exit 0");
    child = SPAWN(IS(1, read(ends[0], &byte, 1)));
    nap_ms(30);
    kill(child, SIGSTOP);
    nap_ms(30);
    kill(child, SIGCONT);
    nap_ms(30);
    write(ends[1], "y", 1);
    check_end(child, "exit 0");
    child = SPAWN({
        sigset_t set = set_of(SIGUSR2);
        sigprocmask(SIG_BLOCK, &set, NULL);
        IS(SIGUSR2, syscall(SYS_rt_sigtimedwait, &set, NULL, NULL, 8));
    });
    nap_ms(30);
    kill(child, SIGCONT);
    kill(child, SIGWINCH);
    nap_ms(30);
    kill(child, SIGUSR2);
    check_end(child, "exit 0");
    return done();
}
