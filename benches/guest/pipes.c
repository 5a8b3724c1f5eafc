// Pipes and eventfd within one process, and streams of data between two.
#include "bench.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int ends[2];
static int event;

static void open_pipe(void) { REQUIRE(pipe(ends) == 0); }
static void close_pipe(void) {
    close(ends[0]);
    close(ends[1]);
}

static enum Proof prove_bytes(size_t size) {
    memset(buffer, 0, 2 * size);
    for (size_t i = 0; i < size; ++i) buffer[i] = (char)(i * 7 + 1);
    REQUIRE(CALL3(SYS_write, ends[1], buffer, size) == (long)size);
    REQUIRE(CALL3(SYS_read, ends[0], buffer + size, size) == (long)size);
    REQUIRE(memcmp(buffer, buffer + size, size) == 0);
    return PROVED;
}
static void run_bytes(long count, size_t size) {
    while (count--) {
        CALL3(SYS_write, ends[1], buffer, size);
        CALL3(SYS_read, ends[0], buffer, size);
    }
}
static enum Proof prove_pipe(void) { return prove_bytes(1); }
static void run_pipe(long count) { run_bytes(count, 1); }
static enum Proof prove_pipe_4k(void) { return prove_bytes(4 * KIB); }
static void run_pipe_4k(long count) { run_bytes(count, 4 * KIB); }
static enum Proof prove_pipe_64k(void) { return prove_bytes(64 * KIB); }
static void run_pipe_64k(long count) { run_bytes(count, 64 * KIB); }

static enum Proof prove_vectors(void) {
    char in[2][8] = {"abcdefg", "hijklmn"}, out[2][8] = {"", ""};
    struct iovec from[2] = {{in[0], 8}, {in[1], 8}}, to[2] = {{out[0], 8}, {out[1], 8}};
    REQUIRE(writev(ends[1], from, 2) == 16 && readv(ends[0], to, 2) == 16);
    REQUIRE(memcmp(in, out, sizeof in) == 0);
    return PROVED;
}
static void run_vectors(long count) {
    struct iovec pieces[8];
    for (int i = 0; i < 8; ++i) pieces[i] = (struct iovec){buffer + 64 * i, 64};
    while (count--) {
        CALL3(SYS_writev, ends[1], pieces, 8);
        CALL3(SYS_readv, ends[0], pieces, 8);
    }
}

static void open_event(void) { event = eventfd(0, 0); }
static void close_event(void) { close(event); }
static enum Proof prove_event(void) {
    uint64_t value = 5;
    if (event < 0) return lacking("eventfd");
    REQUIRE(write(event, &value, 8) == 8 && write(event, &value, 8) == 8);
    REQUIRE(read(event, &value, 8) == 8 && value == 10);
    return PROVED;
}
static void run_event(long count) {
    uint64_t value = 1;
    while (count--) {
        CALL3(SYS_write, event, &value, 8);
        CALL3(SYS_read, event, &value, 8);
    }
}

// A mebibyte at a time to a process that reads it: an operation is the mebibyte, with all its switches.
static int replies[2];
static pid_t reader;
static void read_all(void) {
    unsigned char check = 0;
    for (;;) {
        long left = MIB;
        while (left > 0) {
            const long got = CALL3(SYS_read, ends[0], buffer, left);
            if (got <= 0) _exit(got == 0 && left == MIB ? 0 : 1);
            check = (unsigned char)(check + buffer[0] + buffer[got - 1]);
            left -= got;
        }
        CALL3(SYS_write, replies[1], &check, 1);
    }
}
static void start_reader(void) {
    REQUIRE(pipe(ends) == 0 && pipe(replies) == 0);
    memset(buffer, 1, sizeof buffer);
    REQUIRE((reader = fork()) >= 0);
    if (reader == 0) {
        close(ends[1]);
        read_all();
    }
    close(ends[0]);
}
static void stop_reader(void) {
    int status = 0;
    close(ends[1]);
    REQUIRE(waitpid(reader, &status, 0) == reader && status == 0);
    close(replies[0]);
    close(replies[1]);
}
static void run_stream(long count) {
    char reply;
    while (count--) {
        CALL3(SYS_write, ends[1], buffer, MIB);
        CALL3(SYS_read, replies[0], &reply, 1);
    }
}
static enum Proof prove_stream(void) {
    char reply = 0;
    REQUIRE(write(ends[1], buffer, MIB) == MIB && read(replies[0], &reply, 1) == 1);
    REQUIRE(reply != 0 && reply % 2 == 0);  // two bytes of 1 for each piece
    return PROVED;
}

const struct Operation pipe_operations[] = {
    {"pipe_write_read", 1000, open_pipe, prove_pipe, run_pipe, close_pipe, NULL},
    {"pipe_write_read_4k", 500, open_pipe, prove_pipe_4k, run_pipe_4k, close_pipe, NULL},
    {"pipe_write_read_64k", 100, open_pipe, prove_pipe_64k, run_pipe_64k, close_pipe, NULL},
    {"pipe_stream_1m", 8, start_reader, prove_stream, run_stream, stop_reader, NULL},
    {"writev_readv_8", 500, open_pipe, prove_vectors, run_vectors, close_pipe, NULL},
    {"eventfd_write_read", 1000, open_event, prove_event, run_event, close_event, NULL},
    {NULL},
};
