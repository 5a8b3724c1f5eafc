// One operation on a pipe beside n pipes, with n pieces in it, and with n processes that wait for it.
#include "scale.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int own[2];

static void make_pipes(long count) {
    int ends[2];
    REQUIRE(pipe(own) == 0);
    for (long i = 0; i < count; ++i) REQUIRE(pipe(ends) == 0);
}
static void fill_pipe(long count) {
    REQUIRE(pipe(own) == 0 && fcntl(own[1], F_SETPIPE_SZ, MIB) == MIB);
    for (long i = 0; i < count; ++i) REQUIRE(CALL3(SYS_write, own[1], buffer, PAGE - 1) == PAGE - 1);
}
// Those that the operation wakes run after it, not in the middle of it, whatever they have used of the CPU before.
static void go_before_others(void) {
    const struct sched_param first = {.sched_priority = 1};
    REQUIRE(CALL3(SYS_sched_setscheduler, 0, SCHED_FIFO, &first) == 0);
    let_others_run();
}
static void make_readers(long count) {
    static char byte;
    REQUIRE(pipe(own) == 0);
    for (long i = 0; i < count; ++i) start_repeating(SYS_read, own[0], (long)&byte, 1);
    go_before_others();
}
// They wait for another pipe than the one that is used.
static void make_readers_elsewhere(long count) {
    make_readers(count);
    REQUIRE(pipe(own) == 0);
}
static struct pollfd polled;
static void make_pollers(long count) {
    REQUIRE(pipe(own) == 0);
    polled = (struct pollfd){own[0], POLLIN, 0};
    for (long i = 0; i < count; ++i) start_repeating(SYS_poll, (long)&polled, 1, -1);
    go_before_others();
}
static void open_fifo_often(long count) {
    REQUIRE(mkfifo("fifo", 0600) == 0);
    for (long i = 0; i <= count; ++i) REQUIRE(CALL3(SYS_open, "fifo", O_RDWR, 0) > 0);
}

static void write_read(void) {
    char byte = 'x';
    REQUIRE(CALL3(SYS_write, own[1], &byte, 1) == 1 && CALL3(SYS_read, own[0], &byte, 1) == 1);
}
static void make_one(void) {
    int ends[2];
    REQUIRE(CALL1(SYS_pipe, ends) == 0 && CALL1(SYS_close, ends[0]) == 0 && CALL1(SYS_close, ends[1]) == 0);
}
static void ask_bytes(void) {
    int bytes;
    REQUIRE(CALL3(SYS_ioctl, own[0], FIONREAD, &bytes) == 0);
}
static void wake_one(void) {
    char byte = 'x';
    REQUIRE(CALL3(SYS_write, own[1], &byte, 1) == 1);
}
static void poll_now(void) {
    struct pollfd one = {own[1], POLLOUT, 0};
    REQUIRE(CALL3(SYS_poll, &one, 1, 0) == 1);
}
static void take_back(void) {
    char byte;
    REQUIRE(CALL3(SYS_read, own[0], &byte, 1) == 1);
    let_others_run();
}
static void open_fifo(void) { REQUIRE(CALL1(SYS_close, CALL3(SYS_open, "fifo", O_RDWR, 0)) == 0); }

const struct Growth pipe_rows[] = {
    {"pipes_write_read", 128, NULL, make_pipes, write_read, NULL, NULL},
    {"pipes_make", 128, NULL, make_pipes, make_one, NULL, NULL},
    {"pipes_full_write_read", 15, NULL, fill_pipe, write_read, NULL, NULL},
    {"pipes_full_count", 15, NULL, fill_pipe, ask_bytes, NULL, NULL},
    {"fifos_open", 128, NULL, open_fifo_often, open_fifo, NULL, NULL},
    {"waiters_wake_one", 32, NULL, make_readers, wake_one, let_others_run, NULL},
    {"waiters_elsewhere", 32, NULL, make_readers_elsewhere, write_read, NULL, NULL},
    {"waiters_poll_beside", 32, NULL, make_readers, poll_now, NULL, NULL},
    {"waiters_wake_pollers", 32, "each that polls is woken", make_pollers, wake_one, take_back, NULL},
    {NULL},
};
