// waitid(): what it tells, WNOWAIT, and its errnos.
#include "check.h"

static void show(const siginfo_t* info, pid_t child) {
    SAY("signo %s code %d status %d pid %d uid %d", signal_name(info->si_signo), info->si_code,
        info->si_status, info->si_pid == child, info->si_uid);
}

int main(void) {
    siginfo_t info;
    memset(&info, 0, sizeof info);
    pid_t child = SPAWN(_exit(7));
    OK(waitid(P_PID, child, &info, WEXITED | WNOWAIT));
    show(&info, child);
    OK(waitid(P_PID, child, &info, WEXITED));
    show(&info, child);
    FAILS(ECHILD, waitid(P_PID, child, &info, WEXITED));
    child = SPAWN(raise(SIGTERM));
    OK(waitid(P_ALL, 0, &info, WEXITED));
    show(&info, child);
    child = SPAWN(setpgid(0, 0); raise(SIGSTOP); _exit(1));
    setpgid(child, child);
    OK(waitid(P_PGID, child, &info, WSTOPPED));
    show(&info, child);
    info.si_pid = 99;
    OK(waitid(P_PID, child, &info, WEXITED | WNOHANG));
    IS(0, info.si_pid);
    kill(child, SIGCONT);
    OK(waitid(P_PID, child, &info, WCONTINUED));
    show(&info, child);
    OK(waitid(P_PID, child, NULL, WEXITED));
    FAILS(EINVAL, waitid(P_ALL, 0, &info, 0));
    FAILS(EINVAL, waitid(P_ALL, 0, &info, WEXITED | 0x10000));
    FAILS(EINVAL, waitid(77, 0, &info, WEXITED));
    FAILS(EINVAL, waitid(P_PID, 0, &info, WEXITED));
    FAILS(ECHILD, waitid(P_ALL, 0, &info, WEXITED));
    child = SPAWN(_exit(0));
    FAILS(EFAULT, syscall(SYS_waitid, P_PID, child, unmapped(), WEXITED, NULL));
    // Only six fields are written, after an error too.
    memset(&info, 0x55, sizeof info);
    FAILS(ECHILD, waitid(P_ALL, 0, &info, WEXITED));
    SAY("%d %d %d %d %d %d", info.si_signo, info.si_errno, info.si_code, info.si_pid, info.si_uid,
        info.si_status);
    const unsigned char* bytes = (const unsigned char*)&info;
    SAY("%x %x %x", bytes[12], bytes[28], bytes[127]);
    FAILS(EFAULT, syscall(SYS_waitid, 77, 0, unmapped(), WEXITED, NULL));
    FAILS(EBADF, syscall(SYS_waitid, 3l, 77l, NULL, WEXITED, NULL));  // P_PIDFD
    FAILS(EINVAL, syscall(SYS_waitid, 3l, -1l, NULL, WEXITED, NULL));
    FAILS(EINVAL, syscall(SYS_waitid, 4l, 0l, NULL, WEXITED, NULL));
    return done();
}
