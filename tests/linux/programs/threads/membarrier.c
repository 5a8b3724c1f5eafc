// membarrier: the commands, who must register for what, and who inherits that.
#include "check.h"

static long membarrier(int command, unsigned flags, int cpu) {
    return syscall(SYS_membarrier, command, flags, cpu);
}

enum { PRIVATE = 8, REGISTER_PRIVATE = 16, CORE = 32, REGISTER_CORE = 64, RSEQ = 128, REGISTER_RSEQ = 256 };

static char stack[65536] __attribute__((aligned(16)));
static volatile int ended, is_told;
static int thread(void* unused) {
    (void)unused;
    while (!is_told) nap_ms(1);  // until the main thread has printed that it made this thread
    IS(0, membarrier(PRIVATE, 0, 0));
    IS(0, membarrier(REGISTER_RSEQ, 0, 0));
    return 0;
}

int main(int count, char** arguments) {
    if (count > 1) {
        FAILS(EPERM, membarrier(PRIVATE, 0, 0));
        return done();
    }
    SAY("%ld", membarrier(0, 0, 0));
    FAILS(EINVAL, membarrier(0, 1, 0));
    FAILS(EINVAL, membarrier(-1, 0, 0));
    FAILS(EINVAL, membarrier(3, 0, 0));
    FAILS(EINVAL, membarrier(512, 0, 0));
    FAILS(EINVAL, membarrier(1024, 0, 0));
    IS(0, membarrier(1, 0, 0));
    FAILS(EINVAL, membarrier(1, 1, 0));
    IS(0, membarrier(2, 0, 0));
    IS(0, membarrier(4, 0, 0));
    IS(0, membarrier(4, 0, 0));
    IS(0, membarrier(2, 0, 0));
    FAILS(EPERM, membarrier(PRIVATE, 0, 0));
    FAILS(EINVAL, membarrier(PRIVATE, 1, 0));
    FAILS(EPERM, membarrier(CORE, 0, 0));
    FAILS(EPERM, membarrier(RSEQ, 0, 0));
    FAILS(EPERM, membarrier(RSEQ, 1, 0));
    FAILS(EINVAL, membarrier(RSEQ, 2, 0));
    FAILS(EINVAL, membarrier(REGISTER_PRIVATE, 1, 0));
    IS(0, membarrier(REGISTER_PRIVATE, 0, 0));
    IS(0, membarrier(PRIVATE, 0, 0));
    FAILS(EPERM, membarrier(CORE, 0, 0));
    FAILS(EPERM, membarrier(RSEQ, 0, 0));
    IS(0, membarrier(REGISTER_CORE, 0, 0));
    IS(0, membarrier(CORE, 0, 0));
    FAILS(EINVAL, membarrier(CORE, 1, 0));
    FAILS(EPERM, membarrier(RSEQ, 0, 0));
    ended = 1;
    OK(clone(thread, stack + sizeof stack,
             CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID, NULL,
             NULL, NULL, (void*)&ended));
    is_told = 1;
    while (ended) sched_yield();
    IS(0, membarrier(RSEQ, 0, 0));
    IS(0, membarrier(RSEQ, 1, 0));
    IS(0, membarrier(RSEQ, 1, 100000));  // no such CPU
    IS(0, membarrier(RSEQ, 1, -5));
    CHILD("exit 0", {
        IS(0, membarrier(PRIVATE, 0, 0));
        IS(0, membarrier(CORE, 0, 0));
        IS(0, membarrier(RSEQ, 0, 0));
    });
    CHILD("exit 0", execl("/proc/self/exe", arguments[0], "again", NULL));
    return done();
}
