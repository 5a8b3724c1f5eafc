// Which of many descriptors are ready: poll, select, epoll.
#include "bench.h"

#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MANY = 100 };

static int pipes[MANY][2];
static struct pollfd entries[MANY];
static int epoll = -1;

// All quiet but the last one.
static void open_pipes(void) {
    for (int i = 0; i < MANY; ++i) {
        REQUIRE(pipe(pipes[i]) == 0);
        entries[i] = (struct pollfd){pipes[i][0], POLLIN, 0};
    }
    REQUIRE(write(pipes[MANY - 1][1], "x", 1) == 1);
}
static void close_pipes(void) {
    for (int i = 0; i < MANY; ++i) {
        close(pipes[i][0]);
        close(pipes[i][1]);
    }
}

static enum Proof prove_poll_one(void) {
    REQUIRE(CALL3(SYS_poll, &entries[MANY - 1], 1, 0) == 1 && entries[MANY - 1].revents == POLLIN);
    REQUIRE(CALL3(SYS_poll, entries, 1, 0) == 0);
    return PROVED;
}
static void run_poll_one(long count) {
    while (count--) CALL3(SYS_poll, &entries[MANY - 1], 1, 0);
}
static enum Proof prove_poll_many(void) {
    REQUIRE(CALL3(SYS_poll, entries, MANY, -1) == 1 && entries[MANY - 1].revents == POLLIN &&
            entries[0].revents == 0);
    return PROVED;
}
static void run_poll_many(long count) {
    while (count--) CALL3(SYS_poll, entries, MANY, -1);
}

static fd_set all_pipes(int* highest) {
    fd_set set;
    FD_ZERO(&set);
    *highest = 0;
    for (int i = 0; i < MANY; ++i) {
        FD_SET(pipes[i][0], &set);
        if (pipes[i][0] > *highest) *highest = pipes[i][0];
    }
    return set;
}
static enum Proof prove_select(void) {
    int highest;
    fd_set set = all_pipes(&highest);
    REQUIRE(select(highest + 1, &set, NULL, NULL, NULL) == 1 && FD_ISSET(pipes[MANY - 1][0], &set));
    REQUIRE(!FD_ISSET(pipes[0][0], &set));
    return PROVED;
}
static void run_select(long count) {
    int highest;
    const fd_set all = all_pipes(&highest);
    while (count--) {
        fd_set set = all;
        CALL6(SYS_select, highest + 1, &set, NULL, NULL, NULL, 0);
    }
}

static void open_epoll(void) {
    open_pipes();
    epoll = epoll_create1(0);
    for (int i = 0; epoll >= 0 && i < MANY; ++i) {
        struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
        REQUIRE(epoll_ctl(epoll, EPOLL_CTL_ADD, pipes[i][0], &event) == 0);
    }
}
static void close_epoll(void) {
    if (epoll >= 0) close(epoll);
    close_pipes();
}
static enum Proof prove_epoll(void) {
    struct epoll_event event = {0};
    if (epoll < 0) return lacking("epoll_create1");
    REQUIRE(epoll_wait(epoll, &event, 1, -1) == 1 && event.data.u32 == MANY - 1 && event.events == EPOLLIN);
    return PROVED;
}
static void run_epoll(long count) {
    struct epoll_event events[8];
    while (count--) CALL4(SYS_epoll_wait, epoll, events, 8, -1);
}
static enum Proof prove_epoll_ctl(void) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = 1};
    if (epoll < 0) return lacking("epoll_create1");
    REQUIRE(CALL4(SYS_epoll_ctl, epoll, EPOLL_CTL_DEL, pipes[0][0], NULL) == 0);
    REQUIRE(CALL4(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, pipes[0][0], &event) == 0);
    return PROVED;
}
static void run_epoll_ctl(long count) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = 1};
    while (count--) {
        CALL4(SYS_epoll_ctl, epoll, EPOLL_CTL_DEL, pipes[0][0], NULL);
        CALL4(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, pipes[0][0], &event);
    }
}

const struct Operation ready_operations[] = {
    {"poll_1", 1000, open_pipes, prove_poll_one, run_poll_one, close_pipes, NULL},
    {"poll_100", 100, open_pipes, prove_poll_many, run_poll_many, close_pipes, NULL},
    {"select_100", 100, open_pipes, prove_select, run_select, close_pipes, NULL},
    {"epoll_wait_100", 1000, open_epoll, prove_epoll, run_epoll, close_epoll, NULL},
    {"epoll_ctl_twice", 300, open_epoll, prove_epoll_ctl, run_epoll_ctl, close_epoll, NULL},
    {NULL},
};
