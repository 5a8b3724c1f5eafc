// Which thread takes the signal of a child's end: the one that made the child, if it can, else the oldest that can. A signal at a parent's
// end: the thread that has asked for it.
#include "check.h"

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID)
static char stack[65536] __attribute__((aligned(16)));
static volatile int ended, step, main_id;
static volatile int taken;  // 1: by the main thread, 2: by the other

static int own_id(void) { return (int)syscall(SYS_gettid); }
static void note(int signal) {
    (void)signal;
    taken = own_id() == main_id ? 1 : 2;
}
static void block(int how, int number) {
    sigset_t set;
    sigemptyset(&set), sigaddset(&set, number);
    syscall(SYS_rt_sigprocmask, how, &set, NULL, 8);
}
static pid_t brief(void) {
    const pid_t made = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (made == 0) syscall(SYS_exit, 0);
    return made;
}
static int other(void* unused) {
    (void)unused;
    for (int done_steps = 0; done_steps < 4;) {
        while (step == done_steps) nap_ms(1);
        done_steps++;
        if (step == 1 || step == 3) brief();  // from the other thread
        if (step == 2) block(SIG_BLOCK, SIGCHLD);
        if (step == 4) block(SIG_UNBLOCK, SIGCHLD);
    }
    return 0;
}
static void go(const char* what) {
    taken = 0;
    step++;
    nap_ms(50);
    SAY("%s: %d", what, taken);
}
static int asks(void* told) {
    prctl(PR_SET_PDEATHSIG, SIGUSR1);
    *(volatile int*)told = 1;
    for (;;) nap_ms(1);
}

int main(void) {
    main_id = own_id();
    handle(SIGCHLD, note, SA_RESTART);
    handle(SIGUSR1, note, SA_RESTART);
    ended = 1;
    OK(clone(other, stack + sizeof stack, THREAD, NULL, NULL, NULL, (void*)&ended));
    go("made by the other thread");
    go("blocked");
    go("made by the other thread, which blocks it");
    go("unblocked");
    while (ended) nap_ms(1);
    taken = 0;
    brief();
    nap_ms(50);
    SAY("made by the main thread: %d", taken);
    while (wait4(-1, NULL, 0, NULL) > 0) {
    }

    // The child of a parent that ends has a thread that has asked for a signal.
    int ends[2];
    char byte = 0;
    OK(pipe(ends));
    CHILD("exit 0", {
        if (fork() == 0) {
            static volatile int told;
            main_id = own_id();
            OK(clone(asks, stack + sizeof stack, THREAD, (void*)&told, NULL, NULL, (void*)&ended));
            while (!told) nap_ms(1);
            taken = 0;
            write(ends[1], "r", 1);
            while (!taken) nap_ms(1);
            byte = (char)('0' + taken);
            write(ends[1], &byte, 1);
            _exit(0);
        }
        read(ends[0], &byte, 1);
    });
    IS(1, read(ends[0], &byte, 1));
    SAY("%c", byte);
    return done();
}
