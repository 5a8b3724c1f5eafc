// epolls in epolls: what the outer one sees, circles, and how deep they may be.
#include "check.h"

#include <sys/epoll.h>

static struct epoll_event out[8];

static long add(int ep, int fd, uint32_t events) {
    struct epoll_event event = {.events = events, .data.u32 = (uint32_t)fd};
    return epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event);
}
static int wait_now(int ep) { return epoll_wait(ep, out, ARRAY_SIZE(out), 0); }

int main(void) {
    uint64_t value = 1;
    int inner = OK(epoll_create1(0)), outer = OK(epoll_create1(0)), counter = OK(eventfd(0, EFD_NONBLOCK));
    OK(add(inner, counter, EPOLLIN));
    OK(add(outer, inner, EPOLLIN));
    IS(0, wait_now(outer));
    struct pollfd polled = {outer, POLLIN | POLLOUT, 0};
    IS(0, poll(&polled, 1, 0));
    IS(8, write(counter, &value, 8));
    IS(1, poll(&polled, 1, 0));
    IS(POLLIN, polled.revents);
    IS(1, wait_now(outer));
    IS(EPOLLIN, out[0].events);
    IS(inner, out[0].data.u32);
    IS(1, wait_now(outer));
    IS(8, read(counter, &value, 8));
    IS(0, wait_now(outer));
    IS(0, wait_now(inner));
    // A child's write wakes who waits at the outer one, by epoll and by poll.
    pid_t child = SPAWN(nap_ms(30); value = 1; _exit(write(counter, &value, 8) == 8 ? 0 : 1));
    IS(1, epoll_wait(outer, out, 8, -1));
    check_end(child, "exit 0");
    IS(8, read(counter, &value, 8));
    child = SPAWN(nap_ms(30); value = 1; _exit(write(counter, &value, 8) == 8 ? 0 : 1));
    IS(1, poll(&polled, 1, -1));
    check_end(child, "exit 0");
    // By edges: one for each change, until the inner one was looked at.
    int edges = OK(epoll_create1(0));
    OK(add(edges, inner, EPOLLIN | EPOLLET));
    IS(1, wait_now(edges));
    IS(0, wait_now(edges));
    IS(8, write(counter, &value, 8));
    IS(1, wait_now(edges));

    FAILS(ELOOP, add(inner, outer, EPOLLIN));
    FAILS(ELOOP, add(inner, edges, EPOLLIN));
    FAILS(EINVAL, add(inner, inner, EPOLLIN));
    int third = OK(epoll_create1(0));
    OK(add(third, outer, EPOLLIN));
    FAILS(ELOOP, add(inner, third, EPOLLIN));

    // A chain that grows at its outer end.
    int below = OK(epoll_create1(0));
    int depth = 0;
    for (; depth < 10; ++depth) {
        int above = OK(epoll_create1(0));
        if (add(above, below, EPOLLIN) != 0) break;
        below = above;
    }
    SAY("epolls above an empty one: %d, then %s", depth, error_name(errno));
    // With a file in the innermost one.
    below = OK(epoll_create1(0));
    OK(add(below, counter, EPOLLIN));
    for (depth = 0; depth < 10; ++depth) {
        int above = OK(epoll_create1(0));
        if (add(above, below, EPOLLIN) != 0) break;
        below = above;
    }
    SAY("epolls above one with a file: %d, then %s", depth, error_name(errno));
    IS(1, wait_now(below));
    // A chain that grows at its inner end, and a file that comes last.
    int last = OK(epoll_create1(0)), first = last;
    for (depth = 0; depth < 10; ++depth) {
        int deeper = OK(epoll_create1(0));
        if (add(last, deeper, EPOLLIN) != 0) break;
        last = deeper;
    }
    SAY("epolls below one: %d, then %s", depth, error_name(errno));
    long result = add(last, counter, EPOLLIN);
    SAY("a file below: %ld %s", result, result ? error_name(errno) : "");
    SAY("seen from above: %d", wait_now(first));
    // Too many ways to one file.
    int middle[24], top = 0;
    for (int i = 0; i < 24; ++i) {
        OK(add(middle[i] = OK(epoll_create1(0)), counter, EPOLLIN));
    }
    int ways = 0;
    result = 0;
    while (result == 0 && top < 24) {
        int above = OK(epoll_create1(0));
        for (int i = 0; i < 24 && result == 0; ++i) {
            result = add(above, middle[i], EPOLLIN);
            ways += result == 0;
        }
        ++top;
    }
    SAY("ways: %d, then %s", ways, result ? error_name(errno) : "none refused");
    return done();
}
