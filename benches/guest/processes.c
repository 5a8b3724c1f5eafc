// Making processes and seeing them end.
#include "bench.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LARGE = 64 * MIB };

static char* large;

static enum Proof prove_fork(void) {
    volatile int shared = 1;
    int status = -1;
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        shared = 2;  // a copy: the parent must not see it
        _exit(shared == 2 ? 7 : 8);
    }
    REQUIRE(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7 &&
            shared == 1);
    return PROVED;
}
static void run_fork(long count) {
    while (count--) {
        const long child = CALL0(SYS_fork);
        if (child == 0) CALL1(SYS_exit_group, 0);
        CALL4(SYS_wait4, child, NULL, 0, NULL);
    }
}

static void make_large(void) {
    large = mmap(NULL, LARGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(large != MAP_FAILED);
    madvise(large, LARGE, MADV_NOHUGEPAGE);  // the same pages on every kernel
    for (long i = 0; i < LARGE; i += PAGE) large[i] = (char)(i >> 12);
}
static void remove_large(void) { munmap(large, LARGE); }
static enum Proof prove_fork_large(void) {
    int status = -1;
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        for (long i = 0; i < LARGE; i += PAGE)
            if (large[i] != (char)(i >> 12)) _exit(1);
        large[0] = 99;
        _exit(0);
    }
    REQUIRE(waitpid(child, &status, 0) == child && status == 0 && large[0] == 0);
    return PROVED;
}

static char* const exit_arguments[] = {"/init", "--exit", NULL};
static char* const no_environment[] = {NULL};

static enum Proof prove_exec_after(pid_t child) {
    int status = -1;
    REQUIRE(child >= 0 && waitpid(child, &status, 0) == child && status == 0);
    return PROVED;
}
static enum Proof prove_exec(void) {
    // A program that could not be executed would end with 9.
    const pid_t child = fork();
    if (child == 0) {
        execve("/init", exit_arguments, no_environment);
        _exit(9);
    }
    return prove_exec_after(child);
}
static void run_exec(long count) {
    while (count--) {
        const long child = CALL0(SYS_fork);
        if (child == 0) {
            CALL3(SYS_execve, "/init", exit_arguments, no_environment);
            CALL1(SYS_exit_group, 9);
        }
        CALL4(SYS_wait4, child, NULL, 0, NULL);
    }
}
static enum Proof prove_vfork_exec(void) {
    const pid_t child = vfork();
    if (child == 0) {
        execve("/init", exit_arguments, no_environment);
        _exit(9);
    }
    return prove_exec_after(child);
}
static void run_vfork_exec(long count) {
    while (count--) {
        const pid_t child = vfork();
        if (child == 0) {
            execve("/init", exit_arguments, no_environment);
            _exit(9);
        }
        CALL4(SYS_wait4, child, NULL, 0, NULL);
    }
}

const struct Operation process_operations[] = {
    {"fork_exit_wait", 30, NULL, prove_fork, run_fork, NULL, NULL},
    {"fork_exec_exit_wait", 20, NULL, prove_exec, run_exec, NULL, NULL},
    {"vfork_exec_exit_wait", 20, NULL, prove_vfork_exec, run_vfork_exec, NULL, NULL},
    {"fork_64m_exit_wait", 2, make_large, prove_fork_large, run_fork, remove_large, NULL},
    {NULL},
};
