// A dead child keeps its number until it is waited for; ignoring SIGCHLD lets it go at once.
#include "check.h"

static volatile int signals, code, status, sender;

static void note(int number, siginfo_t* info, void* context) {
    (void)number, (void)context;
    signals++, code = info->si_code, status = info->si_status, sender = info->si_pid;
}

int main(void) {
    pid_t child = SPAWN(_exit(0));
    siginfo_t info;
    waitid(P_PID, child, &info, WEXITED | WNOWAIT);
    OK(kill(child, 0));
    OK(kill(child, SIGKILL));
    TRUE(getpgid(child) == getpgrp());
    check_end(child, "exit 0");
    FAILS(ESRCH, kill(child, 0));
    FAILS(ESRCH, getpgid(child));
    signal(SIGCHLD, SIG_IGN);
    child = SPAWN(_exit(0));
    FAILS(ECHILD, waitpid(child, NULL, 0));
    FAILS(ESRCH, kill(child, 0));
    handle(SIGCHLD, SIG_DFL, SA_NOCLDWAIT);
    child = SPAWN(_exit(0));
    FAILS(ECHILD, wait(NULL));
    struct sigaction told = {.sa_sigaction = note, .sa_flags = SA_NOCLDWAIT | SA_SIGINFO | SA_RESTART};
    OK(sigaction(SIGCHLD, &told, NULL));
    child = SPAWN(_exit(3));
    FAILS(ECHILD, wait(NULL));
    IS(1, signals);
    SAY("code %d, status %d, %s", code, status, sender == child ? "from the child" : "from another");
    return done();
}
