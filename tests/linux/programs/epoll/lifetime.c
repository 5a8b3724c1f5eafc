// epoll: an entry belongs to the open file and the number of its descriptor; it lives until the open file is closed.
#include "check.h"

#include <sys/epoll.h>

static struct epoll_event out[8];

static int wait_now(int ep) { return epoll_wait(ep, out, ARRAY_SIZE(out), 0); }

static void say_details(int ep) {
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", ep);
    int fd = OK(open(path, O_RDONLY));
    text[OK(read(fd, text, sizeof text - 1))] = 0;
    OK(close(fd));
    for (char* line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (strncmp(line, "tfd:", 4) != 0) continue;
        char* end = strstr(line, " ino:");  // the numbers of inodes and devices differ
        if (end) *end = 0;
        SAY("%s", line);
    }
}

int main(void) {
    int ep = OK(epoll_create1(0)), counter = OK(eventfd(1, 0));
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 1};
    OK(epoll_ctl(ep, EPOLL_CTL_ADD, counter, &event));
    int copy = OK(fcntl(counter, F_DUPFD, 50));
    event = (struct epoll_event){.events = EPOLLIN | EPOLLET | EPOLLONESHOT, .data.u64 = 0xabcdef0123456789};
    OK(epoll_ctl(ep, EPOLL_CTL_ADD, copy, &event));
    IS(2, wait_now(ep));
    say_details(ep);
    OK(close(counter));
    // The number is gone, the open file is not.
    IS(1, wait_now(ep));
    FAILS(EBADF, epoll_ctl(ep, EPOLL_CTL_DEL, counter, NULL));
    // The number stands for another file now.
    int p[2];
    OK(pipe(p));
    IS(counter, p[0]);
    FAILS(ENOENT, epoll_ctl(ep, EPOLL_CTL_DEL, p[0], NULL));
    OK(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &event));
    // Put back where it was, it is the entry's again.
    OK(dup2(copy, counter));
    OK(epoll_ctl(ep, EPOLL_CTL_MOD, counter, &event));
    OK(epoll_ctl(ep, EPOLL_CTL_DEL, counter, &event));
    OK(close(counter));
    OK(close(copy));
    IS(0, wait_now(ep));
    say_details(ep);

    // A child has the same open files: its close ends nothing, and the last one does.
    counter = OK(eventfd(1, 0));
    event = (struct epoll_event){.events = EPOLLIN, .data.u64 = 3};
    OK(epoll_ctl(ep, EPOLL_CTL_ADD, counter, &event));
    CHILD("exit 0", close(counter); _exit(wait_now(ep) == 1 ? 0 : 1));
    IS(1, wait_now(ep));
    int go[2], gone[2];
    OK(pipe(go));
    OK(pipe(gone));
    pid_t child = SPAWN(char byte; close(go[1]); _exit(read(go[0], &byte, 1) == 0 ? 0 : 1));
    OK(close(counter));
    IS(1, wait_now(ep));
    IS(3, out[0].data.u64);
    OK(close(go[1]));
    check_end(child, "exit 0");
    IS(0, wait_now(ep));

    // The epoll goes while its files stay.
    counter = OK(eventfd(1, 0));
    OK(epoll_ctl(ep, EPOLL_CTL_ADD, counter, &event));
    int again = OK(dup(ep));
    OK(close(ep));
    IS(1, wait_now(again));
    OK(close(again));
    uint64_t one = 1;
    IS(8, write(counter, &one, 8));

    // EPOLLWAKEUP needs CAP_BLOCK_SUSPEND, and goes without an error where it is not there.
    ep = OK(epoll_create1(0));
    event = (struct epoll_event){.events = EPOLLIN | EPOLLWAKEUP, .data.u64 = 4};
    OK(epoll_ctl(ep, EPOLL_CTL_ADD, counter, &event));
    say_details(ep);
    CHILD("exit 0", OK(setuid(1000)); OK(epoll_ctl(ep, EPOLL_CTL_MOD, counter, &event)); say_details(ep);
          _exit(0));
    return done();
}
