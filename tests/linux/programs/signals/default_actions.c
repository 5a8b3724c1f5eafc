// What each signal does to a process that has not asked for anything.
#include "check.h"

int main(void) {
    for (int signal = 1; signal <= 31; signal++) {
        pid_t child = SPAWN(kill(getpid(), signal); _exit(0));
        int status;
        waitpid(child, &status, WUNTRACED);
        SAY("%s: %s%s", signal_name(signal), ending(status),
            WIFSIGNALED(status) && WCOREDUMP(status) ? " core" : "");
        if (WIFSTOPPED(status)) {
            kill(child, SIGCONT);
            check_end(child, "exit 0");
        }
    }
    CHILD("signal 34", kill(getpid(), 34));
    CHILD("signal 64", kill(getpid(), 64));
    return done();
}
