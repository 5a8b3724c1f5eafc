// The mask and ignored signals reach a new program, and a blocked signal waits for it there.
#include "check.h"

int main(int argc, char** argv) {
    if (argc > 1) {
        sigset_t none = set_of(0);
        SAY("about to unblock");
        sigprocmask(SIG_SETMASK, &none, NULL);
        SAY("not reached");
        return 0;
    }
    CHILD("SIGUSR1", {
        sigset_t set = set_of(SIGUSR1);
        sigprocmask(SIG_BLOCK, &set, NULL);
        raise(SIGUSR1);
        execl(argv[0], argv[0], "x", NULL);
    });
    return done();
}
