// A signal to a process group reaches all of it and no other.
#include "check.h"

int main(void) {
    pid_t leader = SPAWN(setpgid(0, 0); for (;;) pause());
    setpgid(leader, leader);
    pid_t member = SPAWN(setpgid(0, leader); for (;;) pause());
    setpgid(member, leader);
    pid_t outsider = SPAWN(nap_ms(200); _exit(5));
    OK(kill(-leader, SIGTERM));
    check_end(leader, "SIGTERM");
    check_end(member, "SIGTERM");
    check_end(outsider, "exit 5");
    FAILS(ESRCH, kill(-leader, 0));
    CHILD("SIGUSR1", setpgid(0, 0); kill(0, SIGUSR1));
    return done();
}
