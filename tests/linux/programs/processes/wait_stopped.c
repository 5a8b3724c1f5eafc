// WUNTRACED and WCONTINUED: a child that stops and goes on.
#include "check.h"

int main(void) {
    int status;
    pid_t child = SPAWN(raise(SIGSTOP); usleep(100000); raise(SIGSTOP);
                        _exit(6));  // a pause, or the second stop could hide the continuation
    TRUE(waitpid(child, &status, WUNTRACED) == child);
    SAY("%s", ending(status));
    IS(0, waitpid(child, &status, WUNTRACED | WNOHANG));
    OK(kill(child, SIGCONT));
    TRUE(waitpid(child, &status, WCONTINUED) == child);
    SAY("%s", ending(status));
    TRUE(waitpid(child, &status, WUNTRACED) == child);
    SAY("%s", ending(status));
    kill(child, SIGKILL);
    TRUE(waitpid(child, &status, 0) == child);
    SAY("%s", ending(status));
    return done();
}
