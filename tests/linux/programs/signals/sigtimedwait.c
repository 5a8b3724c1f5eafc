// sigtimedwait(): takes a pending signal, waits for one, ends at its time, is interrupted by another.
#include "check.h"

static void nothing(int signal) { (void)signal; }

int main(void) {
    sigset_t set = set_of(SIGUSR1);
    siginfo_t info;
    struct timespec zero = {0, 0}, soon = {0, 50000000}, long_time = {10, 0}, wrong = {0, 1000000000};
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGUSR1);
    IS(SIGUSR1, sigtimedwait(&set, &info, &zero));
    SAY("code %d", info.si_code);
    FAILS(EAGAIN, sigtimedwait(&set, &info, &zero));
    long start = now_ms();
    FAILS(EAGAIN, sigtimedwait(&set, NULL, &soon));
    TRUE(now_ms() - start >= 49);
    pid_t self = getpid(), child = SPAWN(nap_ms(30); kill(self, SIGUSR1));
    IS(SIGUSR1, sigtimedwait(&set, &info, &long_time));
    TRUE(info.si_pid == child);
    check_end(child, "exit 0");
    handle(SIGUSR2, nothing, SA_RESTART);
    child = SPAWN(nap_ms(30); kill(self, SIGUSR2));
    FAILS(EINTR, syscall(SYS_rt_sigtimedwait, &set, &info, &long_time, 8));
    check_end(child, "exit 0");
    FAILS(EINVAL, sigtimedwait(&set, &info, &wrong));
    FAILS(EINVAL, syscall(SYS_rt_sigtimedwait, &set, &info, &zero, 4));
    FAILS(EFAULT, syscall(SYS_rt_sigtimedwait, unmapped(), &info, &zero, 8));
    FAILS(EFAULT, syscall(SYS_rt_sigtimedwait, &set, &info, unmapped(), 8));
    set = set_of(SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    child = SPAWN(_exit(0));
    IS(SIGCHLD, sigwaitinfo(&set, &info));
    check_end(child, "exit 0");
    // To wait for a signal that ends the process takes it only if it is blocked; one that dumps core is taken either way.
    sigset_t all;
    sigfillset(&all);
    const int numbers[] = {SIGTERM, SIGQUIT, 34, SIGCHLD, SIGKILL, SIGTSTP};
    for (unsigned i = 0; i < ARRAY_SIZE(numbers); i++)
        for (int is_blocked = 0; is_blocked < 2; is_blocked++) {
            const pid_t waiting = check_fork();
            if (waiting == 0) {
                sigprocmask(is_blocked ? SIG_SETMASK : SIG_UNBLOCK, &all, NULL);
                const int taken = sigtimedwait(&all, NULL, &(struct timespec){1, 0});
                _exit(taken > 0 ? taken : 100);
            }
            nap_ms(60);
            kill(waiting, numbers[i]);
            int status = 0;
            waitpid(waiting, &status, WUNTRACED);
            SAY("%d blocked %d: %x", numbers[i], is_blocked, status);
            kill(waiting, SIGKILL);
        }
    return done();
}
