// epoll: edges, EPOLLONESHOT, EPOLLEXCLUSIVE, turns, and what is told of each kind of file.
#include "check.h"

#include <sys/epoll.h>

static struct epoll_event out[8];

static void add(int ep, int fd, uint32_t events, uint32_t data) {
    struct epoll_event event = {.events = events, .data.u32 = data};
    OK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
}
static long change(int ep, int fd, uint32_t events) {
    struct epoll_event event = {.events = events, .data.u32 = 7};
    return epoll_ctl(ep, EPOLL_CTL_MOD, fd, &event);
}
static int wait_now(int ep) { return epoll_wait(ep, out, ARRAY_SIZE(out), 0); }

static void edges(void) {
    char bytes[4];
    int p[2], ep = OK(epoll_create1(0));
    OK(pipe2(p, O_NONBLOCK));
    add(ep, p[0], EPOLLIN | EPOLLET, 1);
    IS(0, wait_now(ep));
    IS(2, write(p[1], "ab", 2));
    IS(1, wait_now(ep));
    IS(0, wait_now(ep));
    IS(1, write(p[1], "c", 1));  // each write is an edge, though there was something already
    IS(1, wait_now(ep));
    IS(1, read(p[0], bytes, 1));  // a read that leaves something is none
    IS(0, wait_now(ep));
    OK(change(ep, p[0], EPOLLIN | EPOLLET));  // MOD looks again
    IS(1, wait_now(ep));
    IS(2, read(p[0], bytes, 4));
    OK(close(p[1]));
    IS(1, wait_now(ep));
    IS(EPOLLHUP, out[0].events);
    IS(0, wait_now(ep));

    OK(pipe2(p, O_NONBLOCK));
    add(ep, p[1], EPOLLOUT | EPOLLET, 2);
    IS(1, wait_now(ep));
    IS(0, wait_now(ep));
    static char much[65536];
    IS(65536, write(p[1], much, sizeof much));
    FAILS(EAGAIN, write(p[1], much, 1));
    IS(0, wait_now(ep));
    IS(4096, read(p[0], much, 4096));  // from full to not full
    IS(1, wait_now(ep));
    IS(4096, read(p[0], much, 4096));
    IS(0, wait_now(ep));
    OK(close(p[0]));
    IS(1, wait_now(ep));
    IS(EPOLLOUT | EPOLLERR, out[0].events);

    // An eventfd tells readers of writes and writers of reads.
    uint64_t value = 1;
    int reader = OK(epoll_create1(0)), both = OK(epoll_create1(0));
    int counter = OK(eventfd(0, EFD_NONBLOCK | EFD_SEMAPHORE));
    add(reader, counter, EPOLLIN | EPOLLET, 1);
    add(both, counter, EPOLLIN | EPOLLOUT | EPOLLET, 2);
    IS(1, wait_now(both));
    IS(EPOLLOUT, out[0].events);
    IS(8, write(counter, &value, 8));
    IS(8, write(counter, &value, 8));
    IS(1, wait_now(reader));
    IS(1, wait_now(both));
    IS(EPOLLIN | EPOLLOUT, out[0].events);
    IS(8, read(counter, &value, 8));
    IS(0, wait_now(reader));
    IS(1, wait_now(both));
}

static void oneshot(void) {
    int ep = OK(epoll_create1(0)), counter = OK(eventfd(1, 0));
    add(ep, counter, EPOLLIN | EPOLLONESHOT, 1);
    IS(1, wait_now(ep));
    IS(EPOLLIN, out[0].events);
    IS(0, wait_now(ep));
    uint64_t one = 1;
    IS(8, write(counter, &one, 8));
    IS(0, wait_now(ep));
    OK(change(ep, counter, EPOLLIN | EPOLLONESHOT));
    IS(1, wait_now(ep));
    IS(0, wait_now(ep));
    struct epoll_event event = {.events = EPOLLIN};
    FAILS(EEXIST, epoll_ctl(ep, EPOLL_CTL_ADD, counter, &event));
}

static void exclusive(void) {
    int ep = OK(epoll_create1(0)), inner = OK(epoll_create1(0)), counter = OK(eventfd(0, 0));
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE | EPOLLONESHOT};
    FAILS(EINVAL, epoll_ctl(ep, EPOLL_CTL_ADD, counter, &event));
    event.events = EPOLLIN | EPOLLEXCLUSIVE | EPOLLPRI;
    FAILS(EINVAL, epoll_ctl(ep, EPOLL_CTL_ADD, counter, &event));
    event.events = EPOLLIN | EPOLLEXCLUSIVE | EPOLLRDHUP;
    FAILS(EINVAL, epoll_ctl(ep, EPOLL_CTL_ADD, counter, &event));
    event.events = EPOLLIN | EPOLLEXCLUSIVE;
    FAILS(EINVAL, epoll_ctl(ep, EPOLL_CTL_ADD, inner, &event));
    FAILS(EINVAL, epoll_ctl(ep, EPOLL_CTL_MOD, counter, &event));  // before ENOENT
    event.events = EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLET | EPOLLEXCLUSIVE;
    OK(epoll_ctl(ep, EPOLL_CTL_ADD, counter, &event));
    event.events = EPOLLIN;
    // LINUX: says nothing and changes nothing would be worse.
    FAILS(EINVAL, epoll_ctl(ep, EPOLL_CTL_MOD, counter, &event));
    OK(epoll_ctl(ep, EPOLL_CTL_DEL, counter, &event));
    OK(epoll_ctl(ep, EPOLL_CTL_ADD, counter, &event));

    // Of two that wait with it, a wake-up ends one wait.
    int waits[2], ready[2], wanted = OK(eventfd(0, 0));
    OK(pipe(ready));
    pid_t children[2];
    for (int i = 0; i < 2; ++i) {
        waits[i] = OK(epoll_create1(0));
        add(waits[i], wanted, EPOLLIN | EPOLLEXCLUSIVE, (uint32_t)i);
    }
    for (int i = 0; i < 2; ++i)
        children[i] = SPAWN(int n = epoll_wait(waits[i], out, 8, 400);
                            _exit(n >= 0 && write(ready[1], n == 1 ? "1" : "0", 1) == 1 ? 0 : 1));
    nap_ms(100);
    uint64_t one = 1;
    IS(8, write(wanted, &one, 8));
    char results[3] = "";
    IS(1, read(ready[0], results, 1));
    for (int i = 0; i < 2; ++i) check_end(children[i], "exit 0");
    IS('1', results[0]);
}

static void turns(void) {
    int ep = OK(epoll_create1(0)), counters[5], seen[5] = {0};
    for (int i = 0; i < 5; ++i) add(ep, counters[i] = OK(eventfd(1, 0)), EPOLLIN, (uint32_t)i);
    for (int round = 0; round < 5; ++round) {
        IS(2, epoll_wait(ep, out, 2, 0));
        ++seen[out[0].data.u32];
        ++seen[out[1].data.u32];
    }
    for (int i = 0; i < 5; ++i) IS(2, seen[i]);
    IS(5, wait_now(ep));

    // What cannot be written down stays.
    char* two = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    OK(munmap(two + PAGE, PAGE));
    struct epoll_event* last = (struct epoll_event*)(two + PAGE - 2 * sizeof *last);
    IS(2, epoll_wait(ep, last, 4, 0));
    IS(5, wait_now(ep));
    for (int i = 0; i < 5; ++i) OK(close(counters[i]));
    IS(0, wait_now(ep));
}

int main(void) {
    edges();
    oneshot();
    exclusive();
    turns();
    return done();
}
