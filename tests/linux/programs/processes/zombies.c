// A dead child keeps its number until it is waited for; ignoring SIGCHLD lets it go at once.
#include "check.h"

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
    return done();
}
