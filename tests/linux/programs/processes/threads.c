// Threads made by clone(): one process, one set of handlers, futexes to wait for each other.
#include "check.h"

#define THREAD \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_CHILD_CLEARTID)

static char stacks[4][32768] __attribute__((aligned(16)));
static volatile int counter, same_pid, other_tid;
static int tids[4];

static int body(void* unused) {
    (void)unused;
    for (int i = 0; i < 1000; i++) __atomic_add_fetch(&counter, 1, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&same_pid, syscall(SYS_getpid) == syscall(SYS_getppid) ? 0 : 1, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&other_tid, syscall(SYS_gettid) != syscall(SYS_getpid), __ATOMIC_SEQ_CST);
    return 0;
}

int main(void) {
    for (int i = 0; i < 4; i++) {
        tids[i] = -1;
        OK(clone(body, stacks[i] + sizeof stacks[i], THREAD, NULL, NULL, NULL, &tids[i]));
    }
    for (int i = 0; i < 4; i++)
        for (int tid; (tid = __atomic_load_n(&tids[i], __ATOMIC_SEQ_CST)) != 0;)
            syscall(SYS_futex, &tids[i], 0, tid, NULL, NULL, 0);
    IS(4000, counter);
    IS(4, other_tid);
    FAILS(ECHILD, waitpid(-1, NULL, 0));
    return done();
}
