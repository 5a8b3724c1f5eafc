// Process numbers are positive, distinct, and not used again at once.
#include "check.h"

int main(void) {
    pid_t last = getpid(), seen[50];
    int again = 0;
    for (int i = 0; i < 50; i++) {
        seen[i] = fork();
        if (seen[i] == 0) _exit(0);
        waitpid(seen[i], NULL, 0);
        for (int k = 0; k < i; k++) again += seen[k] == seen[i];
        again += seen[i] == last;
    }
    IS(0, again);
    TRUE(getppid() == 1);
    TRUE(syscall(SYS_getpid) == getpid());
    FAILS(ENOSYS, syscall(450 + 500));
    FAILS(ENOSYS, syscall(-1));
    FAILS(ENOSYS, syscall(0x7fffffffl));
    FAILS(ENOSYS, syscall(SYS_create_module, 0, 0));
    return done();
}
