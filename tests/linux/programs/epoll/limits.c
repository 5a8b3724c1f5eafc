// epoll: how many entries a user may have, and who gives them back.
#include "check.h"

#include <sys/epoll.h>

static void set_most(const char* text) {
    int fd = OK(open("/proc/sys/fs/epoll/max_user_watches", O_WRONLY));
    IS((long)strlen(text), write(fd, text, strlen(text)));
    OK(close(fd));
}

int main(void) {
    char old[32] = "";
    int fd = OK(open("/proc/sys/fs/epoll/max_user_watches", O_RDWR));
    old[OK(read(fd, old, sizeof old - 1))] = 0;
    TRUE(atol(old) > 1000);
    int ep = OK(epoll_create1(0)), counters[4];
    struct epoll_event event = {.events = EPOLLIN};
    for (int i = 0; i < 4; ++i) counters[i] = OK(eventfd(0, 0));
    set_most("2");
    OK(epoll_ctl(ep, EPOLL_CTL_ADD, counters[0], &event));
    OK(epoll_ctl(ep, EPOLL_CTL_ADD, counters[1], &event));
    FAILS(ENOSPC, epoll_ctl(ep, EPOLL_CTL_ADD, counters[2], &event));
    FAILS(EEXIST, epoll_ctl(ep, EPOLL_CTL_ADD, counters[1], &event));
    OK(epoll_ctl(ep, EPOLL_CTL_DEL, counters[0], NULL));
    OK(epoll_ctl(ep, EPOLL_CTL_ADD, counters[2], &event));
    OK(close(counters[1]));
    OK(epoll_ctl(ep, EPOLL_CTL_ADD, counters[3], &event));
    // Others are other users' affair; an epoll counts for who made it.
    CHILD("exit 0", OK(setuid(1000)); FAILS(ENOSPC, epoll_ctl(ep, EPOLL_CTL_ADD, counters[0], &event));
          int own = OK(epoll_create1(0)); OK(epoll_ctl(own, EPOLL_CTL_ADD, counters[0], &event)); _exit(0));
    OK(close(ep));
    ep = OK(epoll_create1(0));
    OK(epoll_ctl(ep, EPOLL_CTL_ADD, counters[0], &event));
    OK(epoll_ctl(ep, EPOLL_CTL_ADD, counters[2], &event));
    FAILS(ENOSPC, epoll_ctl(ep, EPOLL_CTL_ADD, counters[3], &event));
    set_most(old);
    OK(epoll_ctl(ep, EPOLL_CTL_ADD, counters[3], &event));
    return done();
}
