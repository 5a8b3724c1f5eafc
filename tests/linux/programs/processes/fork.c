// fork(): two processes with the same state and different identities.
#include "check.h"

int main(void) {
    pid_t parent = getpid();
    int value = 1;
    make_file("file", "", 0644);
    CHILD("exit 0", {
        TRUE(getpid() != parent);
        TRUE(getppid() == parent);
        TRUE(getsid(0) == getsid(parent) && getpgrp() == getpgid(parent));
        IS(1, value);
        value = 2;
        OK(chdir("/"));
        umask(077);
    });
    IS(1, value);
    IS(022, umask(022));
    OK(access("file", F_OK));
    int pids = 0;
    for (int i = 0; i < 3; i++) {
        pid_t child = fork();
        if (child == 0) _exit(0);
        pids += child > 0 && waitpid(child, NULL, 0) == child;
    }
    IS(3, pids);
    return done();
}
