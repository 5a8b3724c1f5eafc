// What waits for a thread alone is gone with its end, and no longer counts for its user (SigQ); a leader's stays until it is reaped.
#include "check.h"

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID)
static char stack[65536] __attribute__((aligned(16)));
static volatile int ended, tid, may_end;
static int before;

static int queued(void) {
    const char* line = strstr(content_of("/proc/self/status"), "SigQ:");
    return line != NULL ? atoi(line + 5) : -1;
}
static void block_all(void) {
    sigset_t set;
    memset(&set, 0xff, sizeof set);
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &set, NULL, 8);
}
static int waits(void* unused) {
    (void)unused;
    block_all();
    tid = (int)syscall(SYS_gettid);
    while (!may_end) nap_ms(1);
    return 0;
}
static void start(void) {
    tid = may_end = 0;
    ended = 1;
    OK(clone(waits, stack + sizeof stack, THREAD, NULL, NULL, NULL, (void*)&ended));
    while (!tid) nap_ms(1);
}

int main(void) {
    before = queued();
    start();
    for (int i = 0; i < 3; i++) OK(syscall(SYS_tgkill, getpid(), tid, 40));
    IS(3, queued() - before);
    may_end = 1;
    while (ended) nap_ms(1);
    nap_ms(10);
    IS(0, queued() - before);

    // The leader ends first; the last one ends with signals of its own, and the process is not reaped yet.
    int ends[2];
    char byte;
    OK(pipe(ends));
    const pid_t child = fork();
    if (child == 0) {
        block_all();
        syscall(SYS_tgkill, getpid(), getpid(), 41);
        start();
        for (int i = 0; i < 2; i++) syscall(SYS_tgkill, getpid(), tid, 40);
        kill(getpid(), 42);
        write(ends[1], "r", 1);
        may_end = 1;
        syscall(SYS_exit, 0);
    }
    read(ends[0], &byte, 1);
    siginfo_t info;
    OK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT));
    SAY("%d", queued() - before);
    OK(waitid(P_PID, (id_t)child, &info, WEXITED));
    nap_ms(10);
    SAY("%d", queued() - before);
    return done();
}
