// Signals to a process go to a thread that does not block them; signals to a thread stay with it.
#include "check.h"

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
static char stacks[2][65536] __attribute__((aligned(16)));
static volatile int tids[2], taken_by, waits;
static volatile int caught[2];

static void note(int signal) {
    (void)signal;
    taken_by = (int)syscall(SYS_gettid);
}

static void block(int how, int signal) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    sigprocmask(how, &set, NULL);
}

static int open_thread(void* unused) {
    (void)unused;
    tids[0] = (int)syscall(SYS_gettid);
    for (;;) syscall(SYS_pause);
}

static int waiting_thread(void* unused) {
    (void)unused;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    tids[1] = (int)syscall(SYS_gettid);
    for (int i = 0; i < 2; ++i) {
        waits = i + 1;
        siginfo_t info;
        caught[i] = sigwaitinfo(&set, &info);
    }
    for (;;) syscall(SYS_pause);
}

static int wait_for(volatile int* value) {
    for (int i = 0; i < 500 && !*value; ++i) nap_ms(1);
    const int seen = *value;
    return seen;
}

int main(void) {
    const struct sigaction action = {.sa_handler = note};
    OK(sigaction(SIGUSR1, &action, NULL));
    OK(sigaction(SIGUSR2, &action, NULL));
    block(SIG_BLOCK, SIGUSR2);
    OK(clone(open_thread, stacks[0] + sizeof stacks[0], THREAD, NULL));
    OK(clone(waiting_thread, stacks[1] + sizeof stacks[1], THREAD, NULL));
    TRUE(wait_for(&tids[0]) && wait_for(&tids[1]));

    // The main thread takes what it does not block.
    OK(kill(getpid(), SIGUSR1));
    TRUE(wait_for(&taken_by) == getpid());
    // What it blocks, another one takes.
    block(SIG_BLOCK, SIGUSR1);
    taken_by = 0;
    OK(kill(getpid(), SIGUSR1));
    const int other = wait_for(&taken_by);
    TRUE(other == tids[0] || other == tids[1]);
    // A thread's own signal: nobody else takes it, and it waits as long as the thread blocks it.
    taken_by = 0;
    OK((int)syscall(SYS_tgkill, getpid(), tids[0], SIGUSR1));
    TRUE(wait_for(&taken_by) == tids[0]);
    taken_by = 0;
    OK((int)syscall(SYS_tgkill, getpid(), getpid(), SIGUSR1));
    nap_ms(20);
    IS(0, taken_by);
    block(SIG_UNBLOCK, SIGUSR1);
    TRUE(taken_by == getpid());
    // All block it, one waits for it.
    TRUE(wait_for(&waits) == 1);
    OK((int)syscall(SYS_tgkill, getpid(), tids[1], SIGUSR2));
    TRUE(wait_for(&caught[0]) == SIGUSR2);
    FAILS(ESRCH, syscall(SYS_tgkill, getpid() + 1, tids[0], SIGUSR1));
    FAILS(EINVAL, syscall(SYS_tgkill, getpid(), tids[0], 65));
    FAILS(EINVAL, syscall(SYS_tgkill, getpid(), 0, SIGUSR1));
    return done();
}
