// Calls whose length a program chooses: meanwhile others run, and SIGKILL ends what may end early.
#define _GNU_SOURCE
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

// Milliseconds of the machine's time, by its counted instructions; with several CPUs the most is longer (slowness).
enum { MOST_STARVED = 60, KILL_AFTER = 30, MOST_AFTER_KILL = 100 };

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

// Runs `call` in a child, beside a process that always wants to run. `kill_after`: milliseconds, 0 for never.
static void run_beside(void (*call)(void), double kill_after) {
    const double start = now_ms();
    double last = start;
    double worst = 0;
    double killed_at = 0;
    const int child = fork();
    if (child == 0) {
        call();
        _exit(0);
    }
    int status;
    while (waitpid(child, &status, WNOHANG) == 0) {
        sched_yield();
        const double now = now_ms();
        if (now - last > worst) worst = now - last;
        last = now;
        if (kill_after > 0 && killed_at == 0 && now - start > kill_after) {
            kill(child, SIGKILL);
            killed_at = now;
        }
    }
    const double end = now_ms();
    if (end - last > worst) worst = end - last;
    if (worst > MOST_STARVED * slowness()) fail("others starved for %d ms", (int)worst);
    if (killed_at != 0 && end - killed_at > MOST_AFTER_KILL * slowness())
        fail("it ended %d ms after SIGKILL", (int)(end - killed_at));
    CHECK(status == 0 || (killed_at != 0 && status == SIGKILL));
}

static void read_into_one_buffer(const char* path) {
    static char buffer[1 << 20];
    struct iovec vectors[1024];
    for (int i = 0; i < 1024; ++i) vectors[i] = (struct iovec){buffer, sizeof(buffer)};
    const int fd = open(path, O_RDONLY);
    CHECK(fd >= 0 && readv(fd, vectors, 1024) > 0);
}
static void device(const char* path, unsigned minor) { mknod(path, S_IFCHR | 0666, 1 << 8 | minor); }
static void read_random(void) { read_into_one_buffer("/urandom"); }
static void read_zeros(void) { read_into_one_buffer("/zero"); }
static void get_random(void) {
    char* buffer = mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    getrandom(buffer, 64 << 20, 0);
}

static int sparse_file(off_t size) {
    const int fd = open("/sparse", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0 && unlink("/sparse") == 0 && ftruncate(fd, size) == 0);
    return fd;
}
static void send_sparse_file(void) {
    const int from = sparse_file(1L << 40);
    const int to = open("/null", O_WRONLY);
    CHECK(to >= 0);
    while (sendfile(to, from, NULL, 1 << 30) > 0) continue;
}
static void read_sparse_file(void) {
    const int fd = sparse_file(1L << 40);
    static char buffer[1 << 20];
    struct iovec vectors[1024];
    for (int i = 0; i < 1024; ++i) vectors[i] = (struct iovec){buffer, sizeof(buffer)};
    CHECK(readv(fd, vectors, 1024) > 0);
}
static void allocate_file(void) { fallocate(sparse_file(0), 0, 0, 64 << 20); }

static void populate(void) {
    char* memory =
        mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    CHECK(memory != MAP_FAILED);
}
static void read_zero_pages(void) {
    char* memory = mmap(NULL, 1L << 36, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(memory != MAP_FAILED);
    madvise(memory, 1L << 32, MADV_POPULATE_READ);
}
// Ends on its own: fork and exit of a large space, and munmap, never end early.
static void fork_and_exit_of_a_large_space(void) {
    char* memory = mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    memset(memory, 1, 64 << 20);
    const int child = fork();
    if (child == 0) _exit(0);
    CHECK(status_of(child) == 0);
    CHECK(munmap(memory, 64 << 20) == 0);
}
static void many_areas(void) {
    enum { AREAS = 20000 };
    char* memory = mmap(NULL, AREAS * 4096L, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    for (int i = 0; i < AREAS; i += 2) CHECK(mprotect(memory + i * 4096L, 4096, PROT_READ | PROT_WRITE) == 0);
    static char text[65536];
    mkdir("/proc", 0755);
    const int maps = open("/proc/self/maps", O_RDONLY);
    while (maps >= 0 && read(maps, text, sizeof(text)) > 0) continue;
    const int child = fork();
    if (child == 0) _exit(0);
    CHECK(status_of(child) == 0);
    CHECK(mprotect(memory, AREAS * 4096L, PROT_READ) == 0);
}
static void truncate_a_large_file(void) {
    const int fd = sparse_file(0);
    static char block[1 << 16];
    for (int i = 0; i < 512; ++i) CHECK(write(fd, block, sizeof(block)) == sizeof(block));
    CHECK(ftruncate(fd, 0) == 0);
}

// A sender to a group goes on urgently, but others have their turns in between.
static void signal_own_group(void) {
    CHECK(setpgid(0, 0) == 0 && signal(SIGUSR1, SIG_IGN) != SIG_ERR);
    while (1) kill(0, SIGUSR1);
}

// A group of as many processes as three quarters of the machine allow. All that walks them: wait4, signals to a group, to all and to an
// orphaned group, getpriority, and the end of a parent, which gives half of them away in a group of their own.
static void many_processes(void) {
    struct sysinfo machine;
    CHECK(sysinfo(&machine) == 0);
    const int count = (int)(machine.totalram / (128 << 10) * 3 / 4);
    CHECK(setpgid(0, 0) == 0 && signal(SIGUSR1, SIG_IGN) != SIG_ERR);
    int first = 0;
    for (int i = 0; i < count; ++i) {
        const int child = fork();
        if (child == 0)
            while (1) pause();
        CHECK(child > 0);
        if (first == 0) first = child;
        if (i % 2 == 0) CHECK(setpgid(child, first) == 0);
    }
    CHECK(waitpid(-1, NULL, WNOHANG) == 0 && waitpid(-first, NULL, WNOHANG) == 0);
    CHECK(getpriority(PRIO_PGRP, 0) == 0 && setpriority(PRIO_PGRP, 0, 1) == 0);
    CHECK(kill(0, SIGUSR1) == 0 && kill(-first, SIGSTOP) == 0 && kill(-first, SIGCONT) == 0);
    CHECK(kill(-1, 0) == 0);
    const int killer = fork();
    if (killer == 0) {
        const int parent = getppid();
        CHECK(setpgid(0, 0) == 0);
        while (getppid() == parent) usleep(1000);
        CHECK(kill(-first, SIGKILL) == 0 && kill(-parent, SIGKILL) == 0);
        _exit(0);
    }
}

// A process of as many threads as half of the machine allows. All that tells them or adds them up: a signal that all block, their CPU
// time, SIGSTOP and SIGCONT, exit_group, and SIGKILL; the end of a child for which all wait, and of a pipe from which all read.
_Noreturn static int sleep_for_ever(void* unused) {
    (void)unused;
    while (1) pause();
}
// Threads that share a stack (start_threads) may call nothing that returns at different times in each, so the system call is made in place.
static int ends[2], awaited;
__attribute__((always_inline)) static inline long call_at_once(long number, long a, long b, long c) {
    register long fourth __asm__("r10") = 0;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
                     : "rcx", "r11", "memory");
    return result;
}
static int read_to_the_end(void* unused) {
    (void)unused;
    static char byte;
    return call_at_once(SYS_read, ends[0], (long)&byte, 1) != 0;
}
static int wait_for_the_child(void* unused) {
    (void)unused;
    while (call_at_once(SYS_wait4, awaited, 0, 0) == -EINTR) continue;
    return 0;
}
// Those that run the same share one stack, on which they all write the same.
static void start_threads(int count, int (*run)(void*)) {
    const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    static char stacks[2][4096] __attribute__((aligned(16)));
    static int kinds;
    char* const top = stacks[kinds++ % 2] + sizeof(stacks[0]);
    for (int i = 0; i < count; ++i) CHECK(clone(run, top, flags, NULL) > 0);
}
static void many_threads(void) {
    struct sysinfo machine;
    struct rusage used;
    volatile int* is_ready = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(is_ready != MAP_FAILED);
    CHECK(sysinfo(&machine) == 0);
    const int count = (int)(machine.totalram / (128 << 10) / 2);
    const int child = fork();
    if (child == 0) {
        sigset_t blocked;
        sigemptyset(&blocked);
        sigaddset(&blocked, SIGUSR2);
        sigprocmask(SIG_BLOCK, &blocked, NULL);
        start_threads(count, sleep_for_ever);
        CHECK(getrusage(RUSAGE_SELF, &used) == 0 && setrlimit(RLIMIT_CPU, &(struct rlimit){1000, 1000}) == 0);
        *is_ready = 1;
        sleep_for_ever(NULL);
    }
    while (!*is_ready) usleep(1000);
    int status;
    CHECK(kill(child, SIGUSR2) == 0 && kill(child, SIGSTOP) == 0);
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
    CHECK(kill(child, SIGCONT) == 0 && kill(child, SIGKILL) == 0 && status_of(child) == SIGKILL);
    const int other = fork();
    if (other == 0) {
        start_threads(count, sleep_for_ever);
        execl("/none", "/none", NULL);
        _exit(3);  // exit_group
    }
    CHECK(status_of(other) == 3 << 8);
    const int reader = fork();
    if (reader == 0) {
        CHECK(pipe(ends) == 0);
        awaited = fork();
        if (awaited == 0) sleep_for_ever(NULL);
        start_threads(count / 2, read_to_the_end);
        start_threads(count / 2, wait_for_the_child);
        // To ask for the state of each of so many threads takes a debug kernel minutes.
        usleep(100000 * (useconds_t)slowness());
        CHECK(close(ends[1]) == 0 && kill(awaited, SIGKILL) == 0);
        syscall(SYS_exit, 0);  // the others end by themselves
    }
    CHECK(status_of(reader) == 0);
}

static void prepare(void) { device("/null", 3), device("/zero", 5), device("/urandom", 9); }
#define LONG_CALL(name, kill_after)   \
    static void long_##name(void) {   \
        prepare();                    \
        run_beside(name, kill_after); \
    }
LONG_CALL(read_random, KILL_AFTER)
LONG_CALL(read_zeros, KILL_AFTER)
LONG_CALL(get_random, KILL_AFTER)
LONG_CALL(send_sparse_file, KILL_AFTER)
LONG_CALL(read_sparse_file, KILL_AFTER)
LONG_CALL(allocate_file, KILL_AFTER)
LONG_CALL(populate, KILL_AFTER)
LONG_CALL(read_zero_pages, KILL_AFTER)
LONG_CALL(fork_and_exit_of_a_large_space, 0)
LONG_CALL(many_areas, 0)
LONG_CALL(truncate_a_large_file, 0)
LONG_CALL(signal_own_group, KILL_AFTER)

#define TEST(name) {#name, name, EXITS(0), 1, 1}
const struct test long_call_tests[] = {
    TEST(long_read_random),
    TEST(long_read_zeros),
    TEST(long_get_random),
    TEST(long_send_sparse_file),
    TEST(long_read_sparse_file),
    TEST(long_allocate_file),
    TEST(long_populate),
    TEST(long_read_zero_pages),
    TEST(long_fork_and_exit_of_a_large_space),
    TEST(long_many_areas),
    TEST(long_truncate_a_large_file),
    TEST(long_signal_own_group),
    {"many_processes", many_processes, EXITS(0), 1, CROWDED},
    {"many_threads", many_threads, EXITS(0), 1, CROWDED},
    {0},
};
