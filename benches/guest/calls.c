// The crossing itself: calls that do next to nothing.
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { UNKNOWN = 1000 };  // no kernel has a call of this number

static int null_file, zero_file;

static enum Proof prove_unknown(void) {
    REQUIRE(CALL0(UNKNOWN) == -ENOSYS);
    return PROVED;
}
static void run_unknown(long count) {
    while (count--) CALL0(UNKNOWN);
}

static enum Proof prove_getppid(void) {
    REQUIRE(CALL0(SYS_getppid) == 0);
    return PROVED;
}
static void run_getppid(long count) {
    while (count--) CALL0(SYS_getppid);
}

static enum Proof prove_vdso(void) {
    struct timespec first, second;
    if (getauxval(AT_SYSINFO_EHDR) == 0) {
        errno = ENOSYS;
        return lacking("no vDSO");
    }
    REQUIRE(clock_gettime(CLOCK_MONOTONIC, &first) == 0 && clock_gettime(CLOCK_MONOTONIC, &second) == 0);
    REQUIRE(second.tv_sec > first.tv_sec || second.tv_nsec >= first.tv_nsec);
    return PROVED;
}
static void run_vdso(long count) {
    struct timespec now;
    while (count--) clock_gettime(CLOCK_MONOTONIC, &now);
}

static enum Proof prove_clock(void) {
    struct timespec first = {-1, -1}, second = {-1, -1};
    REQUIRE(CALL2(SYS_clock_gettime, CLOCK_MONOTONIC, &first) == 0 && first.tv_nsec >= 0);
    for (volatile int i = 0; i < 10000; ++i) {
    }
    REQUIRE(CALL2(SYS_clock_gettime, CLOCK_MONOTONIC, &second) == 0);
    REQUIRE(second.tv_sec > first.tv_sec ||
            (second.tv_sec == first.tv_sec && second.tv_nsec > first.tv_nsec));
    return PROVED;
}
static void run_clock(long count) {
    struct timespec now;
    while (count--) CALL2(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
}

static void open_null(void) { REQUIRE((null_file = open("null", O_WRONLY)) >= 0); }
static void close_null(void) { close(null_file); }
static enum Proof prove_write_null(void) {
    REQUIRE(CALL3(SYS_write, null_file, "x", 1) == 1);
    REQUIRE(CALL3(SYS_write, -1, "x", 1) == -EBADF);
    return PROVED;
}
static void run_write_null(long count) {
    while (count--) CALL3(SYS_write, null_file, buffer, 1);
}

static void open_zero(void) { REQUIRE((zero_file = open("zero", O_RDONLY)) >= 0); }
static void close_zero(void) { close(zero_file); }
static enum Proof prove_read_zero(void) {
    char byte = 'x';
    REQUIRE(CALL3(SYS_read, zero_file, &byte, 1) == 1 && byte == 0);
    return PROVED;
}
static void run_read_zero(long count) {
    while (count--) CALL3(SYS_read, zero_file, buffer, 1);
}

static void open_null_beside_threads(void) { open_null(), start_idle_threads(); }
static void close_null_beside_threads(void) { stop_idle_threads(), close_null(); }
static void open_zero_beside_threads(void) { open_zero(), start_idle_threads(); }
static void close_zero_beside_threads(void) { stop_idle_threads(), close_zero(); }

const struct Operation call_operations[] = {
    {"unknown_call", 2000, NULL, prove_unknown, run_unknown, NULL, NULL},
    {"getppid", 2000, NULL, prove_getppid, run_getppid, NULL, NULL},
    {"clock_gettime_vdso", 2000, NULL, prove_vdso, run_vdso, NULL, NULL},
    {"clock_gettime_call", 2000, NULL, prove_clock, run_clock, NULL, NULL},
    {"write_null", 2000, open_null, prove_write_null, run_write_null, close_null, NULL},
    {"read_zero", 2000, open_zero, prove_read_zero, run_read_zero, close_zero, NULL},
    {"write_null_4_threads", 2000, open_null_beside_threads, prove_write_null, run_write_null,
     close_null_beside_threads, NULL},
    {"read_zero_4_threads", 2000, open_zero_beside_threads, prove_read_zero, run_read_zero,
     close_zero_beside_threads, NULL},
    {NULL},
};
