// A wait for a group goes on when the last child has left the group: only the end of a child that it is for, or a signal, ends it.
#include "check.h"

static volatile sig_atomic_t was_called;

static void note(int signal) { (void)signal, was_called = 1; }

int main(void) {
    int ends[2];
    OK(pipe(ends));
    const pid_t child = fork();
    if (child == 0) {
        char byte;
        read(ends[0], &byte, 1);
        setsid();
        _exit(3);
    }
    const pid_t waker = fork();
    if (waker == 0) {
        setpgid(0, 0);
        usleep(20000);
        write(ends[1], "x", 1);
        usleep(100000);
        kill(getppid(), SIGUSR1);
        pause();
    }
    setpgid(waker, waker);
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = note}, NULL);
    FAILS(ECHILD, waitpid(0, NULL, 0));
    IS(1, was_called);  // not as soon as `child` has ended
    int status = 0;
    TRUE(waitpid(child, &status, 0) == child);
    SAY("status %x", status);
    FAILS(ECHILD, waitpid(0, NULL, 0));
    kill(waker, SIGKILL);
    TRUE(waitpid(-waker, &status, 0) == waker);
    return done();
}
