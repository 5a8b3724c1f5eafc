// limit: 60
// A fork bomb at its limit: forks fail with EAGAIN, the others go on, and all can be killed.
#include "check.h"

int main(void) {
    pid_t bomb = SPAWN({
        setsid();
        struct rlimit limit = {60, 60};
        setrlimit(RLIMIT_NPROC, &limit);
        become_user(4321, 4321);
        for (;;)
            if (fork() < 0) nap_ms(20);
    });
    nap_ms(300);
    CHILD("exit 0", SAY("another process starts"));
    int alive = 0;
    DIR* proc = opendir("/proc");
    for (struct dirent* entry; (entry = readdir(proc));) {
        struct stat s;
        char path[300];
        snprintf(path, sizeof path, "/proc/%s", entry->d_name);
        alive += isdigit((unsigned char)entry->d_name[0]) && stat(path, &s) == 0 && s.st_uid == 4321;
    }
    IS(60, alive);
    CHILD("exit 0", struct rlimit limit = {60, 60}; setrlimit(RLIMIT_NPROC, &limit); become_user(4321, 4321);
          FAILS(EAGAIN, fork()));
    CHILD("SIGKILL", become_user(4321, 4321); for (int i = 0; i < 1000; i++) kill(-1, SIGKILL);
          kill(getpid(), SIGKILL));
    check_end(bomb, "SIGKILL");
    return done();
}
