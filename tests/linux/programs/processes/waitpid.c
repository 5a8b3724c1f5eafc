// waitpid(): any child, one child, a group, WNOHANG, and its errnos.
#include "check.h"

int main(void) {
    int status;
    FAILS(ECHILD, wait(&status));
    FAILS(ECHILD, waitpid(1, &status, 0));
    FAILS(ECHILD, waitpid(getpid(), &status, WNOHANG));
    pid_t slow = SPAWN(nap_ms(100); _exit(1));
    pid_t fast = SPAWN(_exit(2));
    IS(0, waitpid(slow, &status, WNOHANG));
    TRUE(waitpid(fast, &status, 0) == fast);
    SAY("%s", ending(status));
    FAILS(ECHILD, waitpid(fast, &status, 0));
    TRUE(waitpid(-1, &status, 0) == slow);
    pid_t leader = SPAWN(setpgid(0, 0); nap_ms(50); _exit(3));
    setpgid(leader, leader);
    pid_t same = SPAWN(_exit(4));
    TRUE(waitpid(0, &status, 0) == same);
    FAILS(ECHILD, waitpid(0, &status, 0));
    TRUE(waitpid(-leader, &status, 0) == leader);
    FAILS(ECHILD, waitpid(-leader, &status, 0));
    FAILS(EINVAL, waitpid(-1, &status, 0x10000000));
    FAILS(ESRCH, waitpid(INT_MIN, &status, 0));
    pid_t child = SPAWN(_exit(0));
    FAILS(EFAULT, waitpid(child, unmapped(), 0));
    FAILS(ECHILD, waitpid(child, NULL, 0));
    child = SPAWN(_exit(0));
    TRUE(waitpid(child, NULL, 0) == child);
    return done();
}
