// Going from one process to another.
#include "bench.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static enum Proof prove_yield(void) {
    REQUIRE(CALL0(SYS_sched_yield) == 0);
    return PROVED;
}
static void run_yield(long count) {
    while (count--) CALL0(SYS_sched_yield);
}

// Two processes that yield to each other: an operation is a turn of the other one, two switches. (Linux now and then
// gives the CPU back to the one that yielded; that belongs to the price of a turn.)
static volatile long* turns;
static pid_t partner;
static void start_partner(void) {
    turns = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    REQUIRE(turns != MAP_FAILED && (partner = fork()) >= 0);
    while (partner == 0) {
        ++turns[0];
        CALL0(SYS_sched_yield);
    }
}
static void stop_partner(void) {
    REQUIRE(kill(partner, SIGKILL) == 0 && waitpid(partner, NULL, 0) == partner);
    munmap((void*)turns, PAGE);
}
static void run_yield_pair(long count) {
    for (const long goal = turns[0] + count; turns[0] < goal;) CALL0(SYS_sched_yield);
}
static enum Proof prove_yield_pair(void) {
    const long before = turns[0];
    run_yield_pair(20);
    REQUIRE(turns[0] - before >= 20 && turns[0] - before <= 30);
    return PROVED;
}

// A byte there and back again.
static int there[2], back[2];
static pid_t echo;
static void start_echo(void) {
    REQUIRE(pipe(there) == 0 && pipe(back) == 0 && (echo = fork()) >= 0);
    if (echo == 0) {
        char byte;
        close(there[1]);
        while (CALL3(SYS_read, there[0], &byte, 1) == 1) {
            ++byte;
            CALL3(SYS_write, back[1], &byte, 1);
        }
        _exit(0);
    }
    close(there[0]);
    close(back[1]);
}
static void stop_echo(void) {
    int status = -1;
    close(there[1]);
    REQUIRE(waitpid(echo, &status, 0) == echo && status == 0);
    close(back[0]);
}
static enum Proof prove_pingpong(void) {
    char byte = 'a';
    REQUIRE(write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1 && byte == 'b');
    return PROVED;
}
static void run_pingpong(long count) {
    char byte = 0;
    while (count--) {
        CALL3(SYS_write, there[1], &byte, 1);
        CALL3(SYS_read, back[0], &byte, 1);
    }
}

// A ring of processes as lmbench's lat_ctx has it: a token goes round, and each one that has it walks over its working
// set. An operation is one hop: a switch, and a pipe's write and read. The walk is the program's own work; it is done, so
// that the switch finds what it leaves behind, and not counted, as lat_ctx does it.
enum { MOST = 64 };
static int ring[MOST][2];
static pid_t members[MOST];
static int ring_size;
static size_t ring_bytes;

static void walk(char* set) {
    for (size_t i = 0; i < ring_bytes; i += 64) ++((volatile char*)set)[i];
}
static void pass(int from, int to, char* set) {
    char token;
    while (CALL3(SYS_read, ring[from][0], &token, 1) == 1 && token) {
        walk(set);
        CALL3(SYS_write, ring[to][1], &token, 1);
    }
    // The token of 0 goes once around, and everyone who has passed it on leaves.
    CALL3(SYS_write, ring[to][1], &token, 1);
    _exit(0);
}
static char* working_set(void) {
    static char set[64 * KIB];
    return set;
}
static void walk_once(void) { walk(working_set()); }
static void start_ring(int size, size_t bytes) {
    ring_size = size;
    ring_bytes = bytes;
    for (int i = 0; i < size; ++i) REQUIRE(pipe(ring[i]) == 0);
    for (int i = 1; i < size; ++i) {
        REQUIRE((members[i] = fork()) >= 0);
        if (members[i] == 0) pass(i, (i + 1) % size, working_set());
    }
}
static void run_ring(long count) {
    char token = 1, *set = working_set();
    for (long laps = count / ring_size; laps > 0; --laps) {
        CALL3(SYS_write, ring[1][1], &token, 1);
        CALL3(SYS_read, ring[0][0], &token, 1);
        walk(set);
    }
}
static enum Proof prove_ring(void) {
    char token = 9;
    REQUIRE(write(ring[1][1], &token, 1) == 1 && read(ring[0][0], &token, 1) == 1 && token == 9);
    return PROVED;
}
static void stop_ring(void) {
    char token = 0;
    REQUIRE(write(ring[1][1], &token, 1) == 1 && read(ring[0][0], &token, 1) == 1);
    for (int i = 1; i < ring_size; ++i) {
        int status = -1;
        REQUIRE(waitpid(members[i], &status, 0) == members[i] && status == 0);
    }
    for (int i = 0; i < ring_size; ++i) {
        close(ring[i][0]);
        close(ring[i][1]);
    }
}
#define RING(size, kib) \
    static void start_ring_##size##_##kib(void) { start_ring(size, (size_t)(kib) * KIB); }
RING(2, 0)
RING(8, 0)
RING(64, 0)
RING(2, 16)
RING(8, 16)
RING(64, 16)
RING(2, 64)
RING(8, 64)
RING(64, 64)
#define RING_ROW(size, kib) \
    {"switch_" #size "_" #kib "k", 512, start_ring_##size##_##kib, prove_ring, run_ring, stop_ring, walk_once}

const struct Operation switch_operations[] = {
    {"yield_alone", 1000, NULL, prove_yield, run_yield, NULL, NULL},
    {"yield_pair", 500, start_partner, prove_yield_pair, run_yield_pair, stop_partner, NULL},
    {"pipe_pingpong", 300, start_echo, prove_pingpong, run_pingpong, stop_echo, NULL},
    RING_ROW(2, 0),
    RING_ROW(8, 0),
    RING_ROW(64, 0),
    RING_ROW(2, 16),
    RING_ROW(8, 16),
    RING_ROW(64, 16),
    RING_ROW(2, 64),
    RING_ROW(8, 64),
    RING_ROW(64, 64),
    {NULL},
};
