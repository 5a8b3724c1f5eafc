// Zombies whose parent ends pass to a subreaper: it is told how each ended, and if it does not wait for children none is left.
#include "check.h"

static void block(int signal) {
    const sigset_t set = set_of(signal);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

// A child that leaves a zombie behind. Returns the zombie's number, after the child was reaped.
static pid_t leave_zombie(int signal, int status) {
    int ends[2];
    pid_t left = 0;
    pipe(ends);
    const pid_t child = fork();
    if (child == 0) {
        handle(SIGCHLD, SIG_DFL, 0);  // it has zombies, whatever its parent wants
        const pid_t zombie = fork();
        if (zombie == 0) {
            if (signal != 0) raise(signal);
            _exit(status);
        }
        siginfo_t info;
        waitid(P_PID, (id_t)zombie, &info, WEXITED | WNOWAIT);
        write(ends[1], &zombie, sizeof zombie);
        _exit(0);
    }
    read(ends[0], &left, sizeof left);
    close(ends[0]), close(ends[1]);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
    return left;
}

int main(void) {
    OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
    int status = 0;
    pid_t zombie = leave_zombie(0, 7);
    IS(1, waitpid(zombie, &status, WNOHANG) == zombie);
    SAY("%s", ending(status));
    zombie = leave_zombie(SIGTERM, 0);
    IS(1, waitpid(zombie, &status, WNOHANG) == zombie);
    SAY("%s", ending(status));

    // The zombie's signal comes before that of its parent, of which nothing is heard then.
    block(SIGCHLD);
    for (int i = 0; i < 2; i++) {
        zombie = leave_zombie(i == 0 ? 0 : SIGKILL, 9);
        const sigset_t set = set_of(SIGCHLD);
        const struct timespec now = {0, 0};
        siginfo_t info = {0};
        IS(SIGCHLD, sigtimedwait(&set, &info, &now));
        SAY("of the zombie %d, code %d, status %d", info.si_pid == zombie, info.si_code, info.si_status);
        IS(1, waitpid(zombie, NULL, WNOHANG) == zombie);
    }

    // A subreaper that has SA_NOCLDWAIT gets the signal, and no zombie.
    handle(SIGCHLD, SIG_DFL, SA_NOCLDWAIT);
    zombie = leave_zombie(0, 7);
    FAILS(ESRCH, kill(zombie, 0));
    FAILS(ECHILD, waitpid(zombie, NULL, WNOHANG));
    FAILS(ECHILD, waitpid(-1, NULL, WNOHANG));
    handle(SIGCHLD, SIG_IGN, 0);
    zombie = leave_zombie(0, 7);
    FAILS(ESRCH, kill(zombie, 0));
    FAILS(ECHILD, waitpid(-1, NULL, WNOHANG));
    return done();
}
