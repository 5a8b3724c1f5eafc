// A SIGCHLD that a program queues to itself keeps what a child's end would tell: status and times.
#include "check.h"

static void handler(int number, siginfo_t* info, void* context) {
    (void)context;
    SAY("signal %d code %d from %d: status %d times %ld %ld", number, info->si_code, info->si_pid,
        info->si_status, (long)info->si_utime, (long)info->si_stime);
}

int main(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    OK(sigaction(SIGCHLD, &action, NULL));
    for (int code = CLD_EXITED; code <= CLD_CONTINUED; code++) {
        siginfo_t info = {.si_signo = SIGCHLD, .si_code = code};
        info.si_pid = 7;
        info.si_status = 500 + code;
        info.si_utime = 11;
        info.si_stime = 12;
        OK(syscall(SYS_rt_sigqueueinfo, getpid(), SIGCHLD, &info));
    }
    OK(syscall(SYS_rt_sigpending, KERNEL_ADDRESS, 0l));
    return done();
}
