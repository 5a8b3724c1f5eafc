// PR_SET_PDEATHSIG: the signal is sent as if by the parent, so it must be allowed to send one.
#include "check.h"

static void run(uid_t parents, uid_t childs) {
    int ends[2];
    OK(pipe(ends));
    const pid_t parent = fork();
    if (parent == 0) {
        int ready[2];
        pipe(ready);
        if (fork() == 0) {
            sigset_t set;
            siginfo_t info = {0};
            sigfillset(&set);
            sigprocmask(SIG_BLOCK, &set, NULL);
            if (setresuid(childs, childs, childs) != 0) _exit(9);
            prctl(PR_SET_PDEATHSIG, SIGUSR1);
            const pid_t before = getppid();
            write(ready[1], "x", 1);
            while (getppid() == before) usleep(1000);
            const int signal = sigtimedwait(&set, &info, &(struct timespec){0, 20000000});
            char text[128];
            const int size = snprintf(text, sizeof(text), "signal %d code %d by parent %d user %d", signal,
                                      info.si_code, info.si_pid == before, (int)info.si_uid);
            write(ends[1], text, size);
            _exit(0);
        }
        char byte;
        read(ready[0], &byte, 1);
        if (setresuid(parents, parents, parents) != 0) _exit(9);
        _exit(0);
    }
    close(ends[1]);
    char text[128] = "";
    waitpid(parent, NULL, 0);
    read(ends[0], text, sizeof(text) - 1);
    close(ends[0]);
    SAY("%d to %d: %s", (int)parents, (int)childs, text);
}

int main(void) {
    run(0, 0);
    run(1000, 1000);
    run(1000, 0);
    run(0, 1000);
    run(1000, 1001);
    return done();
}
