// kill and sigqueue are for a process, tkill and tgkill for one thread of it: each has its own queue, both are shown, and what is
// the thread's own is taken first.
#include "check.h"

static uint64_t pending(const char* name) {
    char line[256];
    uint64_t set = 0;
    FILE* file = fopen("/proc/self/status", "r");
    while (fgets(line, sizeof(line), file) != NULL)
        if (strncmp(line, name, strlen(name)) == 0) set = strtoull(line + strlen(name) + 1, NULL, 16);
    fclose(file);
    return set;
}

static void show(void) {
    SAY("own %llx shared %llx", (unsigned long long)pending("SigPnd"), (unsigned long long)pending("ShdPnd"));
}

static void take(const sigset_t* set) {
    siginfo_t info = {0};
    const int signal = sigtimedwait(set, &info, &(struct timespec){0, 0});
    if (signal < 0)
        SAY("nothing");
    else
        SAY("signal %d code %d by me %d", signal, info.si_code, info.si_pid == getpid());
}

int main(void) {
    sigset_t set;
    sigfillset(&set);
    OK(sigprocmask(SIG_BLOCK, &set, NULL));
    OK(sigqueue(getpid(), SIGWINCH, (union sigval){.sival_int = 7}));
    OK(kill(getpid(), SIGUSR1));
    OK(syscall(SYS_tkill, syscall(SYS_gettid), SIGWINCH));
    OK(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR2));
    show();
    for (int i = 0; i < 5; i++) take(&set);
    show();
    // SIGCONT takes stop signals away from both, and the other way round.
    OK(kill(getpid(), SIGTSTP));
    OK(syscall(SYS_tkill, syscall(SYS_gettid), SIGTTIN));
    show();
    OK(kill(getpid(), SIGCONT));
    show();
    FAILS(ESRCH, syscall(SYS_tgkill, getpid(), 1, 0));
    FAILS(ESRCH, syscall(SYS_tgkill, 1, getpid(), SIGUSR1));
    FAILS(EINVAL, syscall(SYS_tgkill, getpid(), 0, SIGUSR1));
    return done();
}
