// What each CPU does with objects of its own: whatever its cost grows by on more CPUs is shared inside the kernel.
#include "smp.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FAULTS = 64 };

// Of the process; each worker is one.
static int ends[2], file = -1;
static char folder[32], path[48], block[BLOCK];
static long parent;

// ---- Calls that touch nothing

static void prepare_getppid(int worker) {
    (void)worker;
    parent = getppid();
}
static void run_getppid(int worker, long count) {
    long wrong = 0;
    (void)worker;
    while (count--) wrong |= CALL0(SYS_getppid) ^ parent;
    REQUIRE(wrong == 0);
}
static void prove_getppid(int worker) { run_getppid(worker, 1); }

// ---- A pipe, a socket

static void make_pipe(int worker) {
    (void)worker;
    REQUIRE(pipe(ends) == 0);
}
static void make_sockets(int worker) {
    (void)worker;
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
}
static void close_ends(int worker) {
    (void)worker;
    close(ends[0]);
    close(ends[1]);
}
static void run_ends(int worker, long count) {
    char byte = 0;
    long wrong = 0;
    (void)worker;
    while (count--) {
        const char sent = (char)count;
        wrong |= CALL3(SYS_write, ends[1], &sent, 1) ^ 1;
        wrong |= CALL3(SYS_read, ends[0], &byte, 1) ^ 1;
        wrong |= byte ^ sent;
    }
    REQUIRE(wrong == 0);
}
static void prove_ends(int worker) { run_ends(worker, 1); }

// ---- A file in a folder of its own

static void make_folder(int worker) {
    snprintf(folder, sizeof folder, "/desk/own%d", worker);
    snprintf(path, sizeof path, "%s/file", folder);
    REQUIRE(mkdir(folder, 0755) == 0);
    REQUIRE((file = open(path, O_RDWR | O_CREAT, 0644)) >= 0);
    memset(block, 'a' + worker, sizeof block);
    REQUIRE(write(file, block, sizeof block) == sizeof block);
}
static void remove_folder(int worker) {
    (void)worker;
    close(file);
    REQUIRE(unlink(path) == 0 && rmdir(folder) == 0);
}
static void run_open(int worker, long count) {
    (void)worker;
    open_and_close_path(path, count);
}
static void prove_open(int worker) {
    const int fd = open(path, O_RDONLY);
    char found = 0;
    (void)worker;
    REQUIRE(fd >= 0 && read(fd, &found, 1) == 1 && found == block[0] && close(fd) == 0);
}
static void run_stat(int worker, long count) {
    (void)worker;
    stat_path(path, count);
}
static void prove_stat(int worker) { run_stat(worker, 1); }

static void run_create(int worker, long count) {
    char name[64];
    long wrong = 0;
    (void)worker;
    snprintf(name, sizeof name, "%s/new", folder);
    while (count--) {
        const long fd = CALL3(SYS_open, name, O_RDWR | O_CREAT | O_EXCL, 0644);
        wrong |= fd < 0;
        wrong |= CALL1(SYS_close, fd) | CALL1(SYS_unlink, name);
    }
    REQUIRE(wrong == 0);
}
static void prove_create(int worker) {
    char name[64];
    run_create(worker, 1);
    snprintf(name, sizeof name, "%s/new", folder);
    REQUIRE(access(name, F_OK) != 0);
}
static void run_write(int worker, long count) {
    long wrong = 0;
    (void)worker;
    while (count--) wrong |= CALL4(SYS_pwrite64, file, block, BLOCK, 0) ^ BLOCK;
    REQUIRE(wrong == 0);
}
static void prove_write(int worker) {
    char found = 0;
    run_write(worker, 1);
    REQUIRE(pread(file, &found, 1, BLOCK - 1) == 1 && found == block[0]);
}

// ---- Processes

static void run_fork(int worker, long count) {
    (void)worker;
    while (count--) {
        int status = -1;
        const long child = CALL0(SYS_fork);
        if (child == 0) CALL1(SYS_exit_group, 7);
        REQUIRE(child > 0 && CALL4(SYS_wait4, child, &status, 0, NULL) == child && status == 7 << 8);
    }
}
static void prove_fork(int worker) { run_fork(worker, 1); }

static char* const exit_words[] = {"/init", "--exit", NULL};
static void run_exec(int worker, long count) {
    (void)worker;
    while (count--) {
        int status = -1;
        const long child = CALL0(SYS_fork);
        if (child == 0) {
            CALL3(SYS_execve, "/init", exit_words, exit_words + 2);
            CALL1(SYS_exit_group, 1);
        }
        REQUIRE(child > 0 && CALL4(SYS_wait4, child, &status, 0, NULL) == child && status == 0);
    }
}
static void prove_exec(int worker) { run_exec(worker, 1); }

// ---- Memory

static void* map(size_t size) {
    return (void*)CALL6(SYS_mmap, NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void run_map(int worker, long count) {
    long wrong = 0;
    (void)worker;
    while (count--) {
        char* const memory = map(PAGE);
        wrong |= (long)memory < 0;
        wrong |= CALL2(SYS_munmap, memory, PAGE);
    }
    REQUIRE(wrong == 0);
}
static void prove_map(int worker) { run_map(worker, 1); }

/// An operation is a fault: FAULTS pages are touched and given back at once.
static void run_faults(int worker, long count) {
    long wrong = 0;
    (void)worker;
    for (; count > 0; count -= FAULTS) {
        volatile char* const memory = map(FAULTS * PAGE);
        for (long at = 0; at < FAULTS * PAGE; at += PAGE) {
            memory[at] = 1;
            wrong |= memory[at + 1];  // zeros, whoever had the frame before
        }
        wrong |= CALL2(SYS_munmap, memory, FAULTS * PAGE);
    }
    REQUIRE(wrong == 0);
}
static void prove_faults(int worker) { run_faults(worker, FAULTS); }

const struct Operation own_operations[] = {
    {"getppid", EACH, 4000, NULL, prepare_getppid, prove_getppid, run_getppid, NULL, NULL},
    {"pipe_own", EACH, 1000, NULL, make_pipe, prove_ends, run_ends, close_ends, NULL},
    {"socket_own", EACH, 500, NULL, make_sockets, prove_ends, run_ends, close_ends, NULL},
    {"stat_own", EACH, 1000, NULL, make_folder, prove_stat, run_stat, remove_folder, NULL},
    {"open_close_own", EACH, 500, NULL, make_folder, prove_open, run_open, remove_folder, NULL},
    {"create_unlink_own", EACH, 200, NULL, make_folder, prove_create, run_create, remove_folder, NULL},
    {"pwrite_4k_own", EACH, 500, NULL, make_folder, prove_write, run_write, remove_folder, NULL},
    {"mmap_munmap_own", EACH, 500, NULL, NULL, prove_map, run_map, NULL, NULL},
    {"page_fault_own", EACH, 16 * FAULTS, NULL, NULL, prove_faults, run_faults, NULL, NULL},
    {"fork_exit_own", EACH, 40, NULL, NULL, prove_fork, run_fork, NULL, NULL},
    {"fork_exec_own", EACH, 30, NULL, NULL, prove_exec, run_exec, NULL, NULL},
    {"mmap_munmap_threads", THREADS, 500, NULL, NULL, prove_map, run_map, NULL, NULL},
    {"page_fault_threads", THREADS, 16 * FAULTS, NULL, NULL, prove_faults, run_faults, NULL, NULL},
    {NULL},
};
