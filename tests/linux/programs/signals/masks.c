// sigprocmask(): blocking, pending, unblocking; SIGKILL and SIGSTOP cannot be blocked.
#include "check.h"

static char order[16];
static int count;

static void handler(int signal) { order[count++] = signal == SIGUSR1 ? '1' : signal == SIGUSR2 ? '2' : 'x'; }

int main(void) {
    sigset_t set, old, pending;
    handle(SIGUSR1, handler, 0), handle(SIGUSR2, handler, 0);
    sigemptyset(&set), sigaddset(&set, SIGUSR1), sigaddset(&set, SIGUSR2);
    OK(sigprocmask(SIG_BLOCK, &set, &old));
    IS(0, sigismember(&old, SIGUSR1));
    raise(SIGUSR2), raise(SIGUSR1), raise(SIGUSR1);
    IS(0, count);
    OK(sigpending(&pending));
    SAY("pending %d %d %d", sigismember(&pending, SIGUSR1), sigismember(&pending, SIGUSR2),
        sigismember(&pending, SIGHUP));
    CHILD("exit 0", sigpending(&pending); IS(0, sigismember(&pending, SIGUSR1)));
    OK(sigprocmask(SIG_SETMASK, &old, NULL));
    SAY("order of delivery %s", order);
    sigfillset(&set);
    OK(sigprocmask(SIG_SETMASK, &set, NULL));
    OK(sigprocmask(SIG_SETMASK, NULL, &set));
    SAY("blocked: SIGKILL %d SIGSTOP %d SIGTERM %d", sigismember(&set, SIGKILL), sigismember(&set, SIGSTOP),
        sigismember(&set, SIGTERM));
    CHILD("SIGKILL", kill(getpid(), SIGKILL));
    CHILD("SIGSEGV", *(volatile int*)NULL = 0);
    FAILS(EINVAL, syscall(SYS_rt_sigprocmask, 7, &set, NULL, 8));
    FAILS(EINVAL, syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 16));
    FAILS(EFAULT, syscall(SYS_rt_sigprocmask, SIG_BLOCK, unmapped(), NULL, 8));
    FAILS(EFAULT, syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, unmapped(), 8));
    FAILS(EFAULT, syscall(SYS_rt_sigpending, unmapped(), 8));
    FAILS(EINVAL, syscall(SYS_rt_sigpending, &set, 16));
    return done();
}
