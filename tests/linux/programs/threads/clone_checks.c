// What clone and clone3 refuse of threads.
#include "check.h"

struct arguments {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size,
        cgroup;
};

static long clone3(struct arguments a, size_t size) { return syscall(SYS_clone3, &a, size); }
#define SIZE sizeof(struct arguments)

static void set_tid(void) {
    pid_t wanted = 20000;
    while (kill(wanted, 0) == 0) ++wanted;
    struct arguments a = {.exit_signal = SIGCHLD, .set_tid = (uint64_t)&wanted, .set_tid_size = 1};
    pid_t child = (pid_t)clone3(a, SIZE);
    if (child == 0) _exit(getpid() == wanted ? 6 : 7);
    TRUE(child == wanted);
    FAILS(EEXIST, clone3(a, SIZE));
    check_end(child, "exit 6");
    wanted = 0;
    FAILS(EINVAL, clone3(a, SIZE));
    wanted = -1;
    FAILS(EINVAL, clone3(a, SIZE));
    a.set_tid_size = 33;
    FAILS(EINVAL, clone3(a, SIZE));
    a.set_tid_size = 0;
    FAILS(EINVAL, clone3(a, SIZE));
    a.set_tid_size = 1, a.set_tid = (uint64_t)KERNEL_ADDRESS;
    FAILS(EFAULT, clone3(a, SIZE));
}

static void nothing(int signal) { (void)signal; }

int main(void) {
    FAILS(EINVAL, syscall(SYS_clone, CLONE_THREAD, 0, 0, 0, 0));
    FAILS(EINVAL, syscall(SYS_clone, CLONE_THREAD | CLONE_VM, 0, 0, 0, 0));
    FAILS(EINVAL, syscall(SYS_clone, CLONE_THREAD | CLONE_SIGHAND, 0, 0, 0, 0));
    FAILS(EINVAL, syscall(SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0));
    FAILS(EINVAL, clone3((struct arguments){.flags = CLONE_THREAD | CLONE_VM}, SIZE));
    FAILS(EINVAL,
          clone3((struct arguments){.flags = CLONE_THREAD | CLONE_VM | CLONE_SIGHAND, .exit_signal = SIGCHLD},
                 SIZE));
    FAILS(EINVAL, clone3((struct arguments){.flags = CLONE_PARENT, .exit_signal = SIGCHLD}, SIZE));
    FAILS(EINVAL, clone3((struct arguments){.flags = 1ull << 40}, SIZE));
    FAILS(EINVAL, clone3((struct arguments){.flags = SIGCHLD}, SIZE));
    FAILS(EINVAL, clone3((struct arguments){.flags = CLONE_SIGHAND | CLONE_VM | 0x100000000ull}, SIZE));
    FAILS(EINVAL, clone3((struct arguments){.exit_signal = 65}, SIZE));
    FAILS(EINVAL, clone3((struct arguments){.exit_signal = 256}, SIZE));
    FAILS(EINVAL, clone3((struct arguments){.stack = PAGE}, SIZE));
    FAILS(EINVAL, clone3((struct arguments){.stack_size = PAGE}, SIZE));
    FAILS(EINVAL, clone3((struct arguments){.stack = PAGE, .stack_size = -1ull}, SIZE));
    FAILS(EINVAL, clone3((struct arguments){.exit_signal = SIGCHLD}, 63));
    FAILS(E2BIG, clone3((struct arguments){.exit_signal = SIGCHLD}, 4097));
    static char longer[200];
    memset(longer, 0, sizeof longer);
    ((struct arguments*)longer)->exit_signal = SIGCHLD;
    longer[150] = 1;
    FAILS(E2BIG, syscall(SYS_clone3, longer, sizeof longer));
    longer[150] = 0;
    pid_t child = (pid_t)syscall(SYS_clone3, longer, sizeof longer);
    if (child == 0) _exit(8);
    check_end(child, "exit 8");
    for (size_t size = 64; size <= SIZE; size += 8) {
        child = (pid_t)clone3((struct arguments){.exit_signal = SIGCHLD}, size);
        if (child == 0) _exit(9);
        check_end(child, "exit 9");
    }
    set_tid();
    // Handlers of the child become the default, what is ignored stays so.
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, nothing);
    child = (pid_t)clone3((struct arguments){.flags = 0x100000000ull, .exit_signal = SIGCHLD}, SIZE);
    if (child == 0) {
        const int is_ignored = signal(SIGUSR1, SIG_DFL) == SIG_IGN;
        _exit(is_ignored && signal(SIGUSR2, SIG_DFL) == SIG_DFL ? 10 : 11);
    }
    check_end(child, "exit 10");
    return done();
}
