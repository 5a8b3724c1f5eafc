// A thread that is not the leader executes a program: it gets the leader's number, also where the leader has ended.
#include "check.h"

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
static char stacks[2][65536] __attribute__((aligned(16)));
static char *self, pid[16];

static int execute(void* unused) {
    (void)unused;
    nap_ms(20);
    execl(self, self, pid, NULL);
    return 1;
}

static int sleep_for_ever(void* unused) {
    (void)unused;
    for (;;) syscall(SYS_pause);
}

static void start(int which, int (*body)(void*)) {
    clone(body, stacks[which] + sizeof stacks[which], THREAD, NULL);
}

int main(int argc, char** argv) {
    if (argc > 1) {
        const int same = atoi(argv[1]) == getpid() && syscall(SYS_gettid) == getpid();
        _exit(same ? 21 : 22);
    }
    self = argv[0];
    CHILD("exit 21", snprintf(pid, sizeof pid, "%d", getpid()); start(0, execute); start(1, sleep_for_ever);
          for (;;) pause());
    CHILD("exit 21", snprintf(pid, sizeof pid, "%d", getpid()); start(0, execute); syscall(SYS_exit, 9));
    // A program that is not there ends nobody.
    CHILD("exit 4", start(0, sleep_for_ever); execl("/no/such/program", "x", NULL);
          _exit(errno == ENOENT ? 4 : 5));
    return done();
}
