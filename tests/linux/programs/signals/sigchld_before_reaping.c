// SIGCHLD waits by the time that a child can be reaped, in whatever way the parent finds out, on any number of CPUs.
#include "check.h"

enum { ROUNDS = 400 };

// Whether SIGCHLD waits. It is taken, so that the next child sends its own.
static int take_signal(pid_t child, int code, int status) {
    const sigset_t set = set_of(SIGCHLD);
    siginfo_t info;
    const struct timespec now = {0, 0};
    if (sigtimedwait(&set, &info, &now) != SIGCHLD) return 0;
    return info.si_pid == child && info.si_code == code && info.si_status == status;
}

static int reap_by_polling(pid_t child) {
    pid_t got;
    while ((got = waitpid(child, NULL, WNOHANG)) == 0) continue;
    return got == child;
}

static int reap_any_by_polling(pid_t child) {
    pid_t got;
    while ((got = waitpid(-1, NULL, WNOHANG)) == 0) continue;
    return got == child;
}

static int look_by_polling(pid_t child) {
    siginfo_t info = {0};
    while (waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT | WNOHANG) == 0 && info.si_pid == 0) continue;
    return info.si_pid == child;
}

static int reap_by_waiting(pid_t child) { return waitpid(child, NULL, 0) == child; }

static void run(const char* what, int (*reap)(pid_t), int signal) {
    int reaped = 0, told = 0;
    for (int i = 0; i < ROUNDS; i++) {
        const pid_t child = fork();
        if (child == 0) {
            setpgid(0, 0);  // the end of a group takes longer
            if (signal != 0) raise(signal);
            _exit(i % 100);
        }
        // Now and then the parent looks only later.
        for (volatile int delay = 0; delay < i % 16 * 500; delay++) continue;
        reaped += reap(child);
        told += take_signal(child, signal != 0 ? CLD_KILLED : CLD_EXITED, signal != 0 ? signal : i % 100);
        waitpid(child, NULL, 0);
    }
    SAY("%s: %d reaped, %d told before", what, reaped, told);
    check_failures += reaped != ROUNDS || told != ROUNDS;
}

// A parent that ignores its children finds none left once it has been told.
static void ignored(void) {
    int gone = 0;
    for (int i = 0; i < ROUNDS; i++) {
        const pid_t child = fork();
        if (child == 0) _exit(0);
        const sigset_t set = set_of(SIGCHLD);
        siginfo_t info;
        while (sigwaitinfo(&set, &info) != SIGCHLD) continue;
        gone += waitpid(child, NULL, WNOHANG) == -1 && errno == ECHILD;
    }
    SAY("%d of %d have gone when the signal comes", gone, ROUNDS);
    check_failures += gone != ROUNDS;
}

int main(void) {
    const sigset_t set = set_of(SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    run("waitpid of one", reap_by_polling, 0);
    run("waitpid of any", reap_any_by_polling, 0);
    run("waitid that leaves it", look_by_polling, 0);
    run("waitpid that waits", reap_by_waiting, 0);
    run("killed", reap_by_polling, SIGTERM);
    handle(SIGCHLD, SIG_DFL, SA_NOCLDWAIT);
    ignored();
    return done();
}
