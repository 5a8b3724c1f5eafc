// What all CPUs do with one object that they share because the program says so.
#include "smp.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FUTEX_WAKE_PRIVATE = 129 };

static const char path[] = "/desk/shared/file";
static int file = -1;

static void make_file(int workers) {
    char block[BLOCK];
    (void)workers;
    memset(block, 's', sizeof block);
    REQUIRE(mkdir("/desk/shared", 0755) == 0);
    REQUIRE((file = open(path, O_RDWR | O_CREAT, 0644)) >= 0 && write(file, block, BLOCK) == BLOCK);
}
static void remove_file(int workers) {
    (void)workers;
    close(file);
    REQUIRE(unlink(path) == 0 && rmdir("/desk/shared") == 0);
}

static void run_stat(int worker, long count) {
    (void)worker;
    stat_path(path, count);
}
static void prove_stat(int worker) { run_stat(worker, 1); }

static void run_open(int worker, long count) {
    (void)worker;
    open_and_close_path(path, count);
}
static void prove_open(int worker) { run_open(worker, 1); }

/// Through one open file description, at an offset that the call names.
static void run_read(int worker, long count) {
    char block[BLOCK];
    long wrong = 0;
    (void)worker;
    while (count--) {
        wrong |= CALL4(SYS_pread64, file, block, BLOCK, 0) ^ BLOCK;
        wrong |= block[BLOCK - 1] ^ 's';
    }
    REQUIRE(wrong == 0);
}
static void prove_read(int worker) { run_read(worker, 1); }

/// Threads share the table of descriptors.
static void run_dup(int worker, long count) {
    long wrong = 0;
    (void)worker;
    while (count--) {
        const long fd = CALL1(SYS_dup, file);
        wrong |= fd < 0;
        wrong |= CALL1(SYS_close, fd);
    }
    REQUIRE(wrong == 0);
}
static void prove_dup(int worker) { run_dup(worker, 1); }

static struct {
    int word;
    char gap[124];
} words[MAX_WORKERS];

/// Each thread wakes the waiters of a word of its own; there are none.
static void run_wake(int worker, long count) {
    long woken = 0;
    while (count--) woken |= CALL6(SYS_futex, &words[worker].word, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0);
    REQUIRE(woken == 0);
}
static void prove_wake(int worker) { run_wake(worker, 1); }

const struct Operation shared_operations[] = {
    {"stat_shared", EACH, 1000, make_file, NULL, prove_stat, run_stat, NULL, remove_file},
    {"open_close_shared", EACH, 500, make_file, NULL, prove_open, run_open, NULL, remove_file},
    {"pread_4k_shared", EACH, 500, make_file, NULL, prove_read, run_read, NULL, remove_file},
    {"dup_close_threads", THREADS, 500, make_file, NULL, prove_dup, run_dup, NULL, remove_file},
    {"futex_wake_threads", THREADS, 1000, NULL, NULL, prove_wake, run_wake, NULL, NULL},
    {NULL},
};
