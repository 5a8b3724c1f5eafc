// wait4 and waitid with __WNOTHREAD wait for the children of the calling thread only; those of a thread that ends are another's.
#include "check.h"

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID)
static char stacks[3][65536] __attribute__((aligned(16)));
static volatile int ended[3];
static volatile pid_t child;
static volatile int may_wait, may_end;

static void start(int which, int (*body)(void*)) {
    ended[which] = 1;
    OK(clone(body, stacks[which] + sizeof stacks[which], THREAD, NULL, NULL, NULL, (void*)&ended[which]));
}
static void join(int which) {
    while (ended[which]) nap_ms(1);
}
static pid_t make(int flags) {
    const pid_t made = (pid_t)syscall(SYS_clone, flags, 0, 0, 0, 0);
    if (made == 0) _exit(3);
    return made;
}

static int makes_and_waits(void* unused) {
    (void)unused;
    child = make(SIGCHLD);
    while (!may_wait) nap_ms(1);
    int status = 0;
    TRUE(wait4(child, &status, __WNOTHREAD, NULL) == child);
    SAY("status %x", status);
    FAILS(ECHILD, wait4(-1, &status, __WNOTHREAD, NULL));
    return 0;
}

static int makes_and_ends(void* unused) {
    (void)unused;
    child = make(SIGCHLD);
    while (!may_end) nap_ms(1);
    return 0;
}

static int waits_for_mains(void* unused) {
    (void)unused;
    nap_ms(100);  // until the main thread has printed that it made this thread
    int status;
    siginfo_t info;
    FAILS(ECHILD, wait4(child, &status, __WNOTHREAD, NULL));
    FAILS(ECHILD, wait4(-1, &status, __WNOTHREAD, NULL));
    FAILS(ECHILD, wait4(-1, &status, __WNOTHREAD | __WALL, NULL));
    FAILS(ECHILD, wait4(0, &status, __WNOTHREAD | WNOHANG, NULL));
    FAILS(ECHILD, waitid(P_PID, (id_t)child, &info, WEXITED | __WNOTHREAD));
    FAILS(ECHILD, waitid(P_ALL, 0, &info, WEXITED | __WNOTHREAD));
    TRUE(wait4(child, &status, 0, NULL) == child);  // without the flag it is the process's
    return 0;
}

int main(void) {
    int status;
    // A child of another thread.
    start(0, makes_and_waits);
    while (!child) nap_ms(1);
    FAILS(ECHILD, wait4(child, &status, __WNOTHREAD, NULL));
    FAILS(ECHILD, wait4(-1, &status, __WNOTHREAD | WNOHANG, NULL));
    may_wait = 1;
    join(0);
    FAILS(ECHILD, wait4(-1, &status, 0, NULL));

    // A child of the main thread.
    child = make(SIGCHLD);
    start(0, waits_for_mains);
    join(0);

    // A child of a thread that ends is the main thread's.
    child = 0;
    start(0, makes_and_ends);
    while (!child) nap_ms(1);
    FAILS(ECHILD, wait4(child, &status, __WNOTHREAD | WNOHANG, NULL));
    may_end = 1;
    join(0);
    nap_ms(20);
    TRUE(wait4(child, &status, __WNOTHREAD, NULL) == child);

    // Clones that send another signal.
    child = make(0);
    FAILS(ECHILD, wait4(child, &status, 0, NULL));
    FAILS(ECHILD, wait4(-1, &status, WNOHANG, NULL));
    TRUE(wait4(child, &status, __WCLONE, NULL) == child);
    signal(SIGUSR1, SIG_IGN);
    child = make(SIGUSR1);
    FAILS(ECHILD, wait4(child, &status, __WNOTHREAD, NULL));
    TRUE(wait4(child, &status, __WALL | __WNOTHREAD, NULL) == child);
    child = make(SIGCHLD);
    FAILS(ECHILD, wait4(child, &status, __WCLONE, NULL));
    siginfo_t info;
    FAILS(ECHILD, waitid(P_PID, (id_t)child, &info, WEXITED | __WCLONE));
    IS(0, waitid(P_PID, (id_t)child, &info, WEXITED | __WALL));
    return done();
}
