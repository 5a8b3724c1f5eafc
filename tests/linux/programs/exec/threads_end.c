// execve() in one thread of several: the others end, the process keeps its number.
#include "check.h"

static char stack[65536] __attribute__((aligned(16)));
static char *self, pid[16];
static volatile int spinning;

static int body(void* unused) {
    (void)unused;
    spinning = 1;
    for (;;) syscall(SYS_sched_yield);
}

int main(int argc, char** argv) {
    if (argc > 1) {
        TRUE(atoi(argv[1]) == getpid());
        TRUE(syscall(SYS_gettid) == getpid());
        int threads = -1;
        sscanf(strstr(content_of("/proc/self/status"), "Threads:"), "Threads: %d", &threads);
        IS(1, threads);
        return done();
    }
    self = argv[0];
    snprintf(pid, sizeof pid, "%d", getpid());
    OK(clone(body, stack + sizeof stack, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD,
             NULL));
    while (!spinning) sched_yield();
    execl(self, self, pid, NULL);
    return 1;
}
