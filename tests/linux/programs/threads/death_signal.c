// PR_SET_PDEATHSIG: a child is told when the thread that made it ends, and again when the thread ends that it was given to.
#include "check.h"

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID)
static char stacks[2][65536] __attribute__((aligned(16)));
static volatile int ended[2];
static int told[2];
static volatile pid_t child;
static volatile int may_end[2];

static void start(int which, int (*body)(void*)) {
    ended[which] = 1;
    OK(clone(body, stacks[which] + sizeof stacks[which], THREAD, NULL, NULL, NULL, (void*)&ended[which]));
}
static void join(int which) {
    while (ended[which]) nap_ms(1);
}
static char next(void) {
    struct pollfd wait = {.fd = told[0], .events = POLLIN};
    char what = '-';
    if (poll(&wait, 1, 100) == 1) read(told[0], &what, 1);
    return what;
}

// It says what it is told, and by whom: its parent's process.
static pid_t make(void) {
    const pid_t made = fork();
    if (made != 0) return made;
    sigset_t set;
    siginfo_t info;
    sigemptyset(&set), sigaddset(&set, SIGUSR1), sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    prctl(PR_SET_PDEATHSIG, SIGUSR1);
    write(told[1], "r", 1);
    while (sigwaitinfo(&set, &info) == SIGUSR1)
        write(told[1], info.si_pid == getppid() && info.si_code == SI_USER ? "p" : "?", 1);
    write(told[1], "e", 1);
    _exit(0);
}

static int makes(void* unused) {
    (void)unused;
    child = make();
    while (!may_end[0]) nap_ms(1);
    return 0;
}
static int waits(void* unused) {
    (void)unused;
    while (!may_end[1]) nap_ms(1);
    return 0;
}

static int outlives(void* unused) {
    (void)unused;
    SAY("%c", next()), SAY("%c", next());
    kill(child, SIGUSR2);
    SAY("%c", next());
    _exit(done());
}

int main(void) {
    OK(pipe(told));
    // Not for another thread's end.
    child = make();
    SAY("%c", next());
    start(0, waits);
    may_end[1] = 1;
    join(0);
    SAY("%c", next());
    kill(child, SIGUSR2);
    SAY("%c", next());
    check_end(child, "exit 0");
    // A thread's child.
    child = 0;
    start(0, makes);
    SAY("%c", next()), SAY("%c", next());
    may_end[0] = 1;
    join(0);
    SAY("%c", next()), SAY("%c", next());
    kill(child, SIGUSR2);
    SAY("%c", next());
    check_end(child, "exit 0");
    // The one that gets it ends too: the leader, while another thread goes on.
    CHILD("exit 0", {
        may_end[0] = may_end[1] = 0;
        start(0, makes);
        SAY("%c", next());
        may_end[0] = 1;
        join(0);
        SAY("%c", next());
        start(1, outlives);
        syscall(SYS_exit, 0);
    });
    return done();
}
