// A process whose parent ends gets another one.
#include "check.h"

int main(void) {
    int ends[2];
    pipe(ends);
    pid_t middle = SPAWN({
        pid_t self = getpid();
        if (fork() == 0) {
            while (getppid() == self) nap_ms(5);
            char is_init = getppid() == 1;
            write(ends[1], &is_init, 1);
            _exit(0);
        }
    });
    check_end(middle, "exit 0");
    char is_init = 9;
    IS(1, read(ends[0], &is_init, 1));
    IS(1, is_init);
    OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
    pid_t self = getpid();
    middle = SPAWN({
        pid_t parent = getpid();
        if (fork() == 0) {
            while (getppid() == parent) nap_ms(5);
            _exit(getppid() == self ? 11 : 12);
        }
    });
    check_end(middle, "exit 0");
    int status;
    OK(wait(&status));
    SAY("the orphan: %s", ending(status));
    return done();
}
