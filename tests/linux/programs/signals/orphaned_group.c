// In a process group that nobody could continue, terminal stop signals have no effect.
#include "check.h"

int main(void) {
    CHILD("exit 4", setsid(); raise(SIGTSTP); raise(SIGTTIN); raise(SIGTTOU); _exit(4));
    int status;
    pid_t child = SPAWN(setpgid(0, 0); nap_ms(50); raise(SIGTSTP); _exit(5));
    setpgid(child, child);
    waitpid(child, &status, WUNTRACED);
    SAY("%s", ending(status));
    kill(child, SIGCONT);
    check_end(child, "exit 5");
    return done();
}
