// A signal that ends the process ends what else only SIGKILL could: a parent's wait for the child of its vfork.
#include "check.h"

int main(void) {
    int ends[2];
    char byte;
    OK(pipe(ends));
    pid_t parent = check_fork();
    if (parent == 0) {
        if (vfork() == 0) {
            close(ends[1]);
            read(ends[0], &byte, 1);
            _exit(0);
        }
        _exit(1);
    }
    nap_ms(60);
    OK(kill(parent, SIGTERM));
    check_end(parent, "SIGTERM");
    close(ends[1]);
    return done();
}
