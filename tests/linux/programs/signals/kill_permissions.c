// kill(): who may signal whom, special targets, and its errnos.
#include "check.h"

int main(void) {
    FAILS(ESRCH, kill(999999, 0));
    FAILS(EINVAL, kill(getpid(), 65));
    FAILS(EINVAL, kill(getpid(), -1));
    FAILS(ESRCH, kill(-999999, 0));
    OK(kill(getpid(), 0));
    OK(kill(0, 0));
    OK(kill(1, 0));
    pid_t target = SPAWN(become_user(1000, 1000); for (;;) pause());
    pid_t mixed = SPAWN(setresuid(1002, 1003, 1004); for (;;) pause());
    nap_ms(30);
    CHILD("exit 0", {
        become_user(1001, 1001);
        FAILS(EPERM, kill(target, 0));
        FAILS(EPERM, kill(target, SIGKILL));
        FAILS(EPERM, kill(1, SIGTERM));
        FAILS(EPERM, kill(getppid(), SIGTERM));
    });
    CHILD("exit 0", become_user(1002, 1); OK(kill(mixed, 0)));
    CHILD("exit 0", become_user(1003, 1); FAILS(EPERM, kill(mixed, 0)));
    CHILD("exit 0", become_user(1004, 1); OK(kill(mixed, 0)));
    CHILD("exit 0", become_user(1000, 1000); OK(kill(target, SIGTERM)));
    check_end(target, "SIGTERM");
    OK(kill(mixed, SIGKILL));
    check_end(mixed, "SIGKILL");
    OK(syscall(SYS_tgkill, getpid(), getpid(), 0));
    FAILS(ESRCH, syscall(SYS_tgkill, getpid(), 1, 0));
    FAILS(EINVAL, syscall(SYS_tgkill, -1, 1, 0));
    FAILS(EINVAL, syscall(SYS_tgkill, getpid(), getpid(), 99));
    OK(syscall(SYS_tkill, getpid(), 0));
    FAILS(EINVAL, syscall(SYS_tkill, 0, 0));
    FAILS(ESRCH, syscall(SYS_tkill, 999999, 0));
    // Nobody there comes before no signal.
    FAILS(ESRCH, kill(999999, 99));
    FAILS(EINVAL, kill(getpid(), 99));
    FAILS(ESRCH, syscall(SYS_tkill, 999999, 99));
    FAILS(EINVAL, syscall(SYS_tkill, getpid(), 99));
    FAILS(EINVAL, syscall(SYS_tkill, 0, 1));
    siginfo_t queued = {.si_code = SI_QUEUE};
    FAILS(ESRCH, syscall(SYS_rt_sigqueueinfo, 999999, 1, &queued));
    FAILS(ESRCH, syscall(SYS_rt_sigqueueinfo, 0, 1, &queued));
    // A zombie is still somebody's.
    pid_t zombie = SPAWN(_exit(0));
    waitid(P_PID, zombie, NULL, WEXITED | WNOWAIT);
    CHILD("exit 0", become_user(1000, 1000); FAILS(EPERM, kill(zombie, SIGTERM)));
    OK(kill(zombie, SIGTERM));
    waitpid(zombie, NULL, 0);
    return done();
}
