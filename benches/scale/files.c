// One operation on a descriptor beside n open ones.
#include "scale.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static long files;
static struct pollfd* polled;
static int own;

static void open_files(long count) {
    files = count;
    make_file("one", 3);
    REQUIRE((own = open("one", O_RDONLY)) >= 0);
    for (long i = 0; i < count; ++i) REQUIRE(CALL1(SYS_dup, own) > 0);
}
// Descriptions of their own, of one file.
static void open_often(long count) {
    make_file("one", 3);
    REQUIRE((own = open("one", O_RDONLY)) >= 0);
    for (long i = 0; i < count; ++i) REQUIRE(CALL3(SYS_open, "one", O_RDONLY, 0) > 0);
}
static void open_deleted(long count) {
    for (long i = 0; i < count; ++i) {
        REQUIRE(CALL3(SYS_open, "gone", O_CREAT | O_RDWR, 0600) > 0);
        REQUIRE(CALL1(SYS_unlink, "gone") == 0);
    }
    make_file("one", 3);
}
static void choose_number(long count) {
    files = count;
    REQUIRE((own = open("/dev/null", O_RDWR)) >= 0);
}
static void prepare_poll(long count) {
    open_files(count);
    polled = calloc((size_t)count + 1, sizeof *polled);
    REQUIRE(polled != NULL);
    for (long i = 0; i <= count; ++i) polled[i] = (struct pollfd){own, POLLIN, 0};
}

static void open_close(void) { REQUIRE(CALL1(SYS_close, CALL3(SYS_open, "one", O_RDONLY, 0)) == 0); }
static void dup_close(void) { REQUIRE(CALL1(SYS_close, CALL1(SYS_dup, own)) == 0); }
static void ask_status(void) {
    struct stat status;
    REQUIRE(CALL2(SYS_fstat, own, &status) == 0 && status.st_size == 3);
}
static void poll_one(void) {
    struct pollfd one = {own, POLLIN, 0};
    REQUIRE(CALL3(SYS_poll, &one, 1, 0) == 1);
}
static void poll_all(void) { REQUIRE(CALL3(SYS_poll, polled, files + 1, 0) == files + 1); }
static void close_range_of_one(void) {
    const long number = CALL1(SYS_dup, own);
    REQUIRE(number > 0 && CALL3(SYS_close_range, number, number, 0) == 0);
}
static void ask_own_link(void) {
    char name[40];
    snprintf(name, sizeof name, "/proc/self/fd/%d", own);
    REQUIRE(CALL3(SYS_readlink, name, buffer, 128) > 0);
}
static void fork_one(void) { fork_and_wait(NULL); }
static void dup_high(void) {
    if (files && CALL2(SYS_dup2, own, files) != files) CALL1(SYS_exit_group, 1);
}
static void fork_and_dup_high(void) { fork_and_wait(dup_high); }

const struct Growth file_rows[] = {
    {"files_open_close", 256, NULL, open_files, open_close, NULL, NULL},
    {"files_dup_close", 256, NULL, open_files, dup_close, NULL, NULL},
    {"files_fstat", 256, NULL, open_files, ask_status, NULL, NULL},
    {"files_poll_one", 256, NULL, open_files, poll_one, NULL, NULL},
    {"files_close_range", 256, NULL, open_files, close_range_of_one, NULL, NULL},
    {"files_proc_fd", 256, NULL, open_files, ask_own_link, NULL, NULL},
    {"files_of_one_inode", 256, NULL, open_often, open_close, NULL, NULL},
    {"files_deleted", 256, NULL, open_deleted, open_close, NULL, NULL},
    {"files_dup2_high", 4096, NULL, choose_number, fork_and_dup_high, NULL, NULL},
    {"files_fork", 256, "each descriptor is copied", open_files, fork_one, NULL, NULL},
    {"files_poll_all", 64, "each file is asked", prepare_poll, poll_all, NULL, NULL},
    {NULL},
};
