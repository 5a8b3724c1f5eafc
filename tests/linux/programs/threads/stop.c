// SIGSTOP stops all threads, the parent hears of it once, and SIGCONT lets all go on.
#include "check.h"

#define THREAD (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD)
static char stacks[3][32768] __attribute__((aligned(16)));
static volatile long* counts;

static int count(void* which) {
    for (;;) {
        ++counts[(long)which];
        sched_yield();
    }
}

static int sleep_for_ever(void* unused) {
    (void)unused;
    for (;;) syscall(SYS_pause);
}

int main(void) {
    counts = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t child = fork();
    if (child == 0) {
        clone(count, stacks[0] + sizeof stacks[0], THREAD, (void*)0);
        clone(count, stacks[1] + sizeof stacks[1], THREAD, (void*)1);
        clone(sleep_for_ever, stacks[2] + sizeof stacks[2], THREAD, NULL);
        for (;;) pause();
    }
    while (!counts[0] || !counts[1]) sched_yield();
    OK(kill(child, SIGSTOP));
    int status = 0;
    TRUE(waitpid(child, &status, WUNTRACED) == child);
    TRUE(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    const long first = counts[0], second = counts[1];
    nap_ms(30);
    TRUE(counts[0] == first && counts[1] == second);
    IS(0, waitpid(child, &status, WUNTRACED | WNOHANG));
    OK(kill(child, SIGCONT));
    TRUE(waitpid(child, &status, WCONTINUED) == child);
    TRUE(WIFCONTINUED(status));
    nap_ms(30);
    TRUE(counts[0] != first && counts[1] != second);
    // A stop signal that ends up in a thread other than the leader stops all as well.
    OK(kill(child, SIGTSTP));
    nap_ms(30);
    OK(kill(child, SIGKILL));
    check_end(child, "SIGKILL");
    return done();
}
