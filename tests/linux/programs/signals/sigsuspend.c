// sigsuspend() and pause(): waiting for a signal with another mask, which is put back.
#include "check.h"

static volatile int ran;
static void handler(int signal) { ran = signal; }

int main(void) {
    sigset_t block = set_of(SIGUSR1), none = set_of(0), now;
    handle(SIGUSR1, handler, SA_RESTART);
    sigprocmask(SIG_BLOCK, &block, NULL);
    raise(SIGUSR1);
    IS(0, ran);
    FAILS(EINTR, sigsuspend(&none));
    IS(SIGUSR1, ran);
    sigprocmask(SIG_BLOCK, NULL, &now);
    IS(1, sigismember(&now, SIGUSR1));
    sigprocmask(SIG_SETMASK, &none, NULL);
    pid_t self = getpid(), child = SPAWN(nap_ms(50); kill(self, SIGUSR1));
    ran = 0;
    FAILS(EINTR, pause());
    IS(SIGUSR1, ran);
    check_end(child, "exit 0");
    FAILS(EFAULT, syscall(SYS_rt_sigsuspend, unmapped(), 8));
    FAILS(EINVAL, syscall(SYS_rt_sigsuspend, &none, 4));
    return done();
}
