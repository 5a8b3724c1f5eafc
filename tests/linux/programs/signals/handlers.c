// sigaction(): the handler runs with its signal blocked, gets its number, and what it replaced is told.
#include "check.h"

static volatile int count, blocked_self, blocked_other;

static void handler(int signal) {
    sigset_t set;
    sigprocmask(SIG_BLOCK, NULL, &set);
    count += signal == SIGUSR1;
    blocked_self = sigismember(&set, SIGUSR1), blocked_other = sigismember(&set, SIGUSR2);
}

int main(void) {
    struct sigaction action = {.sa_handler = handler}, old;
    sigaddset(&action.sa_mask, SIGUSR2);
    OK(sigaction(SIGUSR1, &action, &old));
    TRUE(old.sa_handler == SIG_DFL);
    raise(SIGUSR1);
    SAY("ran %d times, blocked %d %d", count, blocked_self, blocked_other);
    OK(sigaction(SIGUSR1, NULL, &old));
    TRUE(old.sa_handler == handler && sigismember(&old.sa_mask, SIGUSR2) &&
         !sigismember(&old.sa_mask, SIGHUP));
    handle(SIGUSR1, handler, SA_NODEFER);
    raise(SIGUSR1);
    SAY("SA_NODEFER: ran %d times, blocked %d %d", count, blocked_self, blocked_other);
    handle(SIGUSR1, handler, SA_RESETHAND);
    raise(SIGUSR1);
    sigaction(SIGUSR1, NULL, &old);
    SAY("SA_RESETHAND: ran %d times, now default %d", count, old.sa_handler == SIG_DFL);
    FAILS(EINVAL, sigaction(SIGKILL, &action, NULL));
    FAILS(EINVAL, sigaction(SIGSTOP, &action, NULL));
    FAILS(EINVAL, syscall(SYS_rt_sigaction, 0, NULL, NULL, 8));
    FAILS(EINVAL, syscall(SYS_rt_sigaction, 65, NULL, NULL, 8));
    FAILS(EINVAL, syscall(SYS_rt_sigaction, SIGUSR1, NULL, NULL, 4));
    FAILS(EFAULT, syscall(SYS_rt_sigaction, SIGUSR1, unmapped(), NULL, 8));
    FAILS(EFAULT, syscall(SYS_rt_sigaction, SIGUSR1, NULL, unmapped(), 8));
    OK(syscall(SYS_rt_sigaction, SIGKILL, NULL, (void*)&old, 8));
    return done();
}
