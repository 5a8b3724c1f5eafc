// prctl(): names, the parent's death, dumpable, no new privileges, and its errnos.
#include "check.h"

int main(void) {
    char name[17] = "";
    OK(prctl(PR_SET_NAME, "a-very-long-name-indeed"));
    OK(prctl(PR_GET_NAME, name));
    SAY("%s", name);
    CHILD("exit 0", prctl(PR_GET_NAME, name); SAY("%s", name));
    int value = -1;
    OK(prctl(PR_GET_PDEATHSIG, &value));
    IS(0, value);
    OK(prctl(PR_SET_PDEATHSIG, SIGTERM));
    OK(prctl(PR_GET_PDEATHSIG, &value));
    IS(SIGTERM, value);
    CHILD("exit 0", prctl(PR_GET_PDEATHSIG, &value); IS(0, value));
    FAILS(EINVAL, prctl(PR_SET_PDEATHSIG, 99));
    IS(1, prctl(PR_GET_DUMPABLE));
    OK(prctl(PR_SET_DUMPABLE, 0));
    IS(0, prctl(PR_GET_DUMPABLE));
    FAILS(EINVAL, prctl(PR_SET_DUMPABLE, 7));
    IS(0, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    IS(1, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    FAILS(EINVAL, prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0));
    FAILS(EINVAL, prctl(987654));
    FAILS(EFAULT, prctl(PR_SET_NAME, unmapped()));
    pid_t middle = SPAWN({
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            make_file("ready", "", 0644);
            for (;;) pause();
        }
        while (access("ready", F_OK) != 0) nap_ms(5);
    });
    OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
    check_end(middle, "exit 0");
    int status;
    OK(wait(&status));
    SAY("the grandchild: %s", ending(status));
    return done();
}
