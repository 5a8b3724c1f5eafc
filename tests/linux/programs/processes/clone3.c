// clone3(): like clone with a structure that may grow; its errnos.
#include "check.h"

struct arguments {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
};

int main(void) {
    struct arguments a = {.exit_signal = SIGCHLD};
    pid_t child = syscall(SYS_clone3, &a, sizeof a);
    if (child == 0) _exit(12);
    check_end(child, "exit 12");
    pid_t tid = 0;
    a.flags = CLONE_PARENT_SETTID, a.parent_tid = (uint64_t)&tid;
    child = syscall(SYS_clone3, &a, sizeof a);
    if (child == 0) _exit(13);
    TRUE(tid == child);
    check_end(child, "exit 13");
    FAILS(EINVAL, syscall(SYS_clone3, &a, 8));
    FAILS(E2BIG, syscall(SYS_clone3, &a, 5000));
    FAILS(EFAULT, syscall(SYS_clone3, unmapped(), sizeof a));
    a.flags = CLONE_DETACHED, a.exit_signal = 0;
    FAILS(EINVAL, syscall(SYS_clone3, &a, sizeof a));
    a.flags = 0, a.exit_signal = 999;
    FAILS(EINVAL, syscall(SYS_clone3, &a, sizeof a));
    return done();
}
