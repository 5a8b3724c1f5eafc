// Who has fewer capabilities than another process cannot change how it is scheduled, though the user is the same.
#include "check.h"

int main(void) {
    int ends[2];
    char byte;
    OK(pipe(ends));
    // Its real id is 0, so it keeps what it may do; the effective one is the other's.
    pid_t strong = SPAWN(setreuid(0, 1000); close(ends[1]); read(ends[0], &byte, 1); _exit(0));
    nap_ms(60);
    CHILD("exit 0", {
        become_user(1000, 1000);
        const struct sched_param parameters = {0};
        cpu_set_t cpus;
        CPU_ZERO(&cpus);
        CPU_SET(0, &cpus);
        FAILS(EPERM, setpriority(PRIO_PROCESS, strong, 5));
        FAILS(EPERM, sched_setaffinity(strong, sizeof cpus, &cpus));
        FAILS(EPERM, syscall(SYS_sched_setscheduler, strong, SCHED_BATCH, &parameters));
        FAILS(EACCES, setpriority(PRIO_PROCESS, strong, -5));
    });
    close(ends[1]);
    check_end(strong, "exit 0");
    return done();
}
