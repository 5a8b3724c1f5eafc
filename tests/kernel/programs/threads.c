// Threads that end, execute, stop and are killed at once: nothing of them is left, and the process ends with one of the possible endings.
#define _GNU_SOURCE
#include "test.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 12, STACK = 16384 };
#define SHARED \
    (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_CHILD_CLEARTID)

static char* stacks;
static volatile int started;
static int cleared[THREADS];

static int start(int which, int (*body)(void*)) {
    if (stacks == NULL) {
        stacks = mmap(NULL, THREADS * STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(stacks != MAP_FAILED);
    }
    cleared[which] = 1;
    return clone(body, stacks + (which + 1) * STACK, SHARED, (void*)(long)which, NULL, NULL, &cleared[which]);
}

static void start_all(int (*body)(void*)) {
    for (int i = 0; i < THREADS; ++i) CHECK(start(i, body) > 0);
}

static void join_all(void) {
    for (int i = 0; i < THREADS; ++i)
        while (__atomic_load_n(&cleared[i], __ATOMIC_SEQ_CST) != 0)
            syscall(SYS_futex, &cleared[i], 0, 1, NULL);
}

static int end_at_once(void* which) {
    __atomic_add_fetch(&started, 1, __ATOMIC_SEQ_CST);
    for (long i = 0; i < (long)which; ++i) sched_yield();
    return 0;
}
static void threads_come_and_go(void) {
    for (int round = 0; round < 4; ++round) {
        start_all(end_at_once);
        join_all();
    }
    CHECK(started == 4 * THREADS);
}

static int sleep_in_the_kernel(void* which) {
    int ends[2];
    char byte;
    if ((long)which % 3 == 0 && pipe(ends) == 0) (void)!read(ends[0], &byte, 1);
    if ((long)which % 3 == 1) nanosleep(&(struct timespec){.tv_sec = 1000}, NULL);
    while (1) pause();
    return 0;
}
static int end_the_process(void* which) {
    for (long i = 0; i < (long)which; ++i) sched_yield();
    syscall(SYS_exit_group, 17);
    return 0;
}
static void one_of_many_ends_all(void) {
    for (int i = 0; i < THREADS; ++i) CHECK(start(i, i % 4 == 3 ? end_the_process : sleep_in_the_kernel) > 0);
    while (1) pause();
}
static void killed_with_threads_in_the_kernel(void) {
    start_all(sleep_in_the_kernel);
    for (int i = 0; i < THREADS; ++i) sched_yield();
    kill(getpid(), SIGKILL);
    while (1) pause();
}
static void leader_ends_alone(void) {
    CHECK(start(0, end_the_process) > 0);
    syscall(SYS_exit, 3);
}

// All execute a program: one does, the others end. The program ends with 0.
static int execute(void* which) {
    for (long i = 0; i < (long)which % 3; ++i) sched_yield();
    char* arguments[] = {"/init", "fpu", NULL};
    execve("/init", arguments, arguments + 2);
    if (errno != EAGAIN) fail("execve");
    while (1) pause();
}
static void all_execute_at_once(void) {
    start_all(execute);
    execute(0);
}
// Either may win.
static void execute_against_exit_group(void) {
    const int child = fork();
    if (child == 0) {
        for (int i = 0; i < THREADS; ++i) CHECK(start(i, i % 2 ? execute : end_the_process) > 0);
        while (1) pause();
    }
    const int status = status_of(child);
    CHECK(status == EXITS(0) || status == EXITS(17));
}

static int spin(void* unused) {
    (void)unused;
    while (1) sched_yield();
    return 0;
}
static void stopped_and_continued_and_killed(void) {
    const int child = fork();
    if (child == 0) {
        start_all(spin);
        while (1) sched_yield();
    }
    for (int i = 0; i < 8; ++i) {
        kill(child, i % 2 ? SIGCONT : SIGSTOP);
        for (int j = 0; j < i; ++j) sched_yield();
    }
    kill(child, SIGSTOP);
    int status = 0;
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
    kill(child, SIGKILL);
    CHECK(status_of(child) == SIGKILL);
}

// Threads beyond the limit of processes: what there is goes on, and all of it ends.
static void too_many_threads(void) {
    CHECK(setrlimit(RLIMIT_NPROC, &(struct rlimit){8, 8}) == 0 && setuid(1000) == 0);
    int made = 0;
    while (made < THREADS && start(made, sleep_in_the_kernel) > 0) ++made;
    CHECK(made == 7 && errno == EAGAIN);
    _exit(5);
}

#define TEST(name, ending) {#name, name, ending, 0, 0}
const struct test thread_tests[] = {
    TEST(threads_come_and_go, EXITS(0)),
    TEST(one_of_many_ends_all, EXITS(17)),
    TEST(killed_with_threads_in_the_kernel, DIES_OF(SIGKILL)),
    TEST(leader_ends_alone, EXITS(17)),
    TEST(all_execute_at_once, EXITS(0)),
    TEST(execute_against_exit_group, EXITS(0)),
    TEST(stopped_and_continued_and_killed, EXITS(0)),
    TEST(too_many_threads, EXITS(5)),
    {0},
};
