// execveat of descriptors that are no regular files.
#include "check.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

static char* words[] = {"program", NULL};

static void try(const char* what, int fd) {
    if (fd < 0) SAY("%s: %s", what, error_name(errno));
    const long result = syscall(SYS_execveat, fd, "", words, words + 1, AT_EMPTY_PATH);
    SAY("%s: %ld %s", what, result, error_name(errno));
    close(fd);
}

static void try_all(void) {
    sigset_t mask;
    sigemptyset(&mask);
    int ends[2];
    try("eventfd", eventfd(0, 0));
    try("epoll", epoll_create1(0));
    try("timerfd", timerfd_create(CLOCK_MONOTONIC, 0));
    try("signalfd", signalfd(-1, &mask, 0));
    try("pidfd", (int)syscall(SYS_pidfd_open, getpid(), 0));
    try("memfd", (int)syscall(SYS_memfd_create, "m", 0));
    try("socket", socket(AF_UNIX, SOCK_STREAM, 0));
    OK(pipe(ends));
    close(ends[1]);
    try("pipe", ends[0]);
    try("folder", open(".", O_RDONLY));
    try("device", open("/dev/null", O_RDONLY));
    try("console", open("/dev/console", O_RDONLY | O_NOCTTY));
    try("proc", open("/proc/self/stat", O_RDONLY));
    try("fifo", open("fifo", O_RDWR));
    try("link", open("link", O_PATH | O_NOFOLLOW));
}

int main(void) {
    OK(mkfifo("fifo", 0777));
    OK(symlink("nothing", "link"));
    try_all();
    CHILD("exit 0", become_user(1000, 1000); try_all());
    return done();
}
