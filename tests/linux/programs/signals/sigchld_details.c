// When SIGCHLD comes: at ends, at stops unless SA_NOCLDSTOP, once for several.
#include "check.h"

static volatile int got;
static void count(int signal) { (void)signal, got++; }

int main(void) {
    int status;
    handle(SIGCHLD, count, SA_RESTART);
    pid_t child = SPAWN(nap_ms(10));
    check_end(child, "exit 0");
    IS(1, got);
    child = SPAWN(raise(SIGSTOP));
    waitpid(child, &status, WUNTRACED);
    IS(2, got);
    kill(child, SIGCONT);
    check_end(child, "exit 0");
    SAY("after continuing and ending: %d", got >= 3);
    handle(SIGCHLD, count, SA_RESTART | SA_NOCLDSTOP);
    got = 0;
    child = SPAWN(raise(SIGSTOP));
    waitpid(child, &status, WUNTRACED);
    IS(0, got);
    kill(child, SIGCONT);
    check_end(child, "exit 0");
    IS(1, got);
    got = 0;
    sigset_t set = set_of(SIGCHLD), old;
    sigprocmask(SIG_BLOCK, &set, &old);
    for (int i = 0; i < 5; i++) check_end(SPAWN(_exit(0)), "exit 0");
    sigprocmask(SIG_SETMASK, &old, NULL);
    IS(1, got);
    return done();
}
