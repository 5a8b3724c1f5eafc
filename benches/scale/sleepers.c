#include "scale.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

pid_t sleepers[MOST_SLEEPERS];
long sleeper_count;

#define CLONE_VM 0x100

pid_t start_sleeper(enum SleeperCall first) {
    long result;
    // The child runs on the parent's stack, which it does not touch: all it does is in registers.
    __asm__ volatile(
        "mov %2, %%r12\n syscall\n test %%rax, %%rax\n jnz 1f\n"
        "test %%r12, %%r12\n jz 2f\n mov %%r12, %%rax\n xor %%edi, %%edi\n xor %%esi, %%esi\n syscall\n"
        "2: mov $34, %%eax\n syscall\n jmp 2b\n"
        "1:"
        : "=a"(result)
        : "0"(SYS_clone), "r"((long)first), "D"(CLONE_VM | SIGCHLD), "S"(0L), "d"(0L)
        : "rcx", "r11", "r10", "r12", "memory");
    REQUIRE(result > 0);
    return (pid_t)result;
}

pid_t start_repeating(long number, long a, long b, long c) {
    long result;
    __asm__ volatile(
        "mov %2, %%r12\n mov %3, %%r13\n mov %4, %%r14\n mov %5, %%r15\n syscall\n test %%rax, %%rax\n jnz "
        "1f\n"
        "2: mov %%r12, %%rax\n mov %%r13, %%rdi\n mov %%r14, %%rsi\n mov %%r15, %%rdx\n syscall\n jmp 2b\n"
        "1:"
        : "=a"(result)
        : "0"(SYS_clone), "m"(number), "m"(a), "m"(b), "m"(c), "D"(CLONE_VM | SIGCHLD), "S"(0L), "d"(0L)
        : "rcx", "r11", "r10", "r12", "r13", "r14", "r15", "memory");
    REQUIRE(result > 0);
    return (pid_t)result;
}

void let_others_run(void) {
    const struct timespec moment = {0, 20000000};
    nanosleep(&moment, NULL);
}

void start_sleepers(long count) {
    for (sleeper_count = 0; sleeper_count < count; ++sleeper_count)
        sleepers[sleeper_count] = start_sleeper(JUST_PAUSE);
    let_others_run();
}

void start_cousins(long count) {
    const pid_t keeper = fork();
    REQUIRE(keeper >= 0);
    if (keeper == 0) {
        for (long i = 0; i < count; ++i) start_sleeper(JUST_PAUSE);
        kill(getpid(), SIGSTOP);
        for (;;) pause();
    }
    int status;
    REQUIRE(waitpid(keeper, &status, WUNTRACED) == keeper && WIFSTOPPED(status));
    let_others_run();
}

void fork_and_wait(void (*action)(void)) {
    int status = -1;
    const long child = CALL0(SYS_fork);
    if (child == 0) {
        if (action) action();
        CALL1(SYS_exit_group, 0);
    }
    REQUIRE(child > 0 && CALL4(SYS_wait4, child, &status, 0, NULL) == child && status == 0);
}

void raise_limits(void) {
    const struct rlimit much = {1 << 20, 1 << 20};
    REQUIRE(setrlimit(RLIMIT_NOFILE, &much) == 0 && setrlimit(RLIMIT_SIGPENDING, &much) == 0);
    REQUIRE(setrlimit(RLIMIT_NPROC, &much) == 0);
}
