// Calls whose length a program chooses: meanwhile others run, and SIGKILL ends what may end early.
#define _GNU_SOURCE
#include "test.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

// Milliseconds of the machine's time, by its counted instructions.
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
    if (worst > MOST_STARVED) fail("others starved for %d ms", (int)worst);
    if (killed_at != 0 && end - killed_at > MOST_AFTER_KILL)
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
    {0},
};
