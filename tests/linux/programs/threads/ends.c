// How a process with several threads ends: the leader first, a thread last, and which status its parent sees.
#include "check.h"

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
static char stacks[2][32768] __attribute__((aligned(16)));
static volatile int tid;

static int exit_later(void* code) {
    nap_ms(40);
    syscall(SYS_exit, (long)code);
    return 0;
}

static int sleep_for_ever(void* unused) {
    (void)unused;
    tid = (int)syscall(SYS_gettid);
    for (;;) syscall(SYS_pause);
}

static void start(int which, int (*body)(void*), void* argument) {
    OK(clone(body, stacks[which] + sizeof stacks[which], THREAD, argument));
}

// The leader is a zombie while another thread lives: the parent cannot wait for it yet.
static void leader_ends_first(void) {
    pid_t child = SPAWN(start(0, exit_later, (void*)5); syscall(SYS_exit, 3));
    nap_ms(15);
    IS(0, waitpid(child, NULL, WNOHANG));
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", child);
    TRUE(strstr(content_of(path), ") Z ") != NULL);
    check_end(child, "exit 5");
}

int main(void) {
    leader_ends_first();
    // The code of the thread that ends last is the process's.
    CHILD("exit 6", start(0, exit_later, (void*)5); nap_ms(10); start(1, exit_later, (void*)6);
          syscall(SYS_exit, 0));
    // A signal to one thread ends all of them.
    CHILD("SIGTERM", start(0, sleep_for_ever, NULL); while (!tid) sched_yield();
          syscall(SYS_tgkill, getpid(), tid, SIGTERM); for (;;) pause());
    // A thread that has gone cannot be found.
    start(0, exit_later, NULL);
    nap_ms(80);
    FAILS(ESRCH, syscall(SYS_tgkill, getpid(), 4000000, 0));
    return done();
}
