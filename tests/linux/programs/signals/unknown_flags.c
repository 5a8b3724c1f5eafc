// sigaction(): flags that mean nothing are not kept, so that a program can find out which are supported.
#include "check.h"

struct kernel_action {
    unsigned long handler, flags, restorer, mask;
};

int main(void) {
    for (int bit = 0; bit < 32; bit++) {
        struct kernel_action wanted = {1, 1ul << bit, 0, 0}, kept = {9, 9, 9, 9};
        IS(0, syscall(SYS_rt_sigaction, SIGUSR1, &wanted, NULL, 8));
        IS(0, syscall(SYS_rt_sigaction, SIGUSR1, NULL, &kept, 8));
        SAY("%#lx is %s", wanted.flags,
            kept.flags == wanted.flags ? "kept"
            : kept.flags == 0          ? "dropped"
                                       : "changed");
    }
    struct kernel_action all = {1, -1ul, 0, 0};
    IS(0, syscall(SYS_rt_sigaction, SIGUSR1, &all, NULL, 8));
    IS(0, syscall(SYS_rt_sigaction, SIGUSR1, NULL, &all, 8));
    SAY("of all: %#lx", all.flags);
    return done();
}
