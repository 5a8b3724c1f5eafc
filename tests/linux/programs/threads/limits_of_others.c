// prlimit() on other threads of the same process: their ids count, not those of the process.
#include "check.h"

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_CHILD_CLEARTID)
static char stack[65536] __attribute__((aligned(16)));
static volatile int ended = 1, tid;
static volatile int may_end, is_told;

// What musl remembers is the main thread's.
static pid_t own_id(void) { return (pid_t)syscall(SYS_gettid); }

static int weaker(void* unused) {
    (void)unused;
    struct rlimit limit, odd = {2, 1};
    while (!is_told) nap_ms(1);  // until the main thread has printed that it made this thread
    // Only this thread (musl would change all).
    OK(syscall(SYS_setresuid, 1000, 1000, 1000));
    OK(syscall(SYS_prlimit64, 0, RLIMIT_NICE, NULL, &limit));
    OK(syscall(SYS_prlimit64, own_id(), RLIMIT_NICE, NULL, &limit));
    FAILS(EPERM, syscall(SYS_prlimit64, getpid(), RLIMIT_NICE, NULL, &limit));
    FAILS(EPERM, syscall(SYS_prlimit64, getpid(), RLIMIT_NICE, &odd, NULL));
    FAILS(EPERM, syscall(SYS_prlimit64, getpid(), 99, NULL, NULL));
    FAILS(EINVAL, syscall(SYS_prlimit64, own_id(), RLIMIT_NICE, &odd, NULL));
    tid = own_id();
    while (!may_end) nap_ms(1);
    return 0;
}

int main(void) {
    OK(clone(weaker, stack + sizeof stack, THREAD, NULL, NULL, NULL, (void*)&ended));
    is_told = 1;
    while (!tid) nap_ms(1);
    struct rlimit limit;
    OK(syscall(SYS_prlimit64, tid, RLIMIT_NICE, NULL, &limit));
    OK(syscall(SYS_prlimit64, getpid(), RLIMIT_NICE, NULL, &limit));
    may_end = 1;
    while (ended) nap_ms(1);
    return done();
}
