// execveat of descriptors that are no regular files.
#include "check.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

static char* words[] = {"program", NULL};

static void try_open(const char* what, int fd) {
    if (fd < 0) SAY("%s: %s", what, error_name(errno));
    const long result = syscall(SYS_execveat, fd, "", words, words + 1, AT_EMPTY_PATH);
    SAY("%s: %ld %s", what, result, error_name(errno));
}

static void try(const char* what, int fd) {
    try_open(what, fd);
    close(fd);
}

// As it is, and where everybody may execute it: an eventfd has no type that could be refused, and cannot be opened.
static void try_both(const char* what, int fd) {
    try_open(what, fd);
    SAY("fchmod: %s", fchmod(fd, 0777) == 0 ? "done" : error_name(errno));
    try(what, fd);
}

static void try_all(void) {
    sigset_t mask;
    sigemptyset(&mask);
    int ends[2];
    try_both("eventfd", eventfd(0, 0));
    try_both("epoll", epoll_create1(0));
    try_both("timerfd", timerfd_create(CLOCK_MONOTONIC, 0));
    try_both("signalfd", signalfd(-1, &mask, 0));
    try_both("pidfd", (int)syscall(SYS_pidfd_open, getpid(), 0));
    try_both("memfd", (int)syscall(SYS_memfd_create, "m", 0));
    try_both("socket", socket(AF_UNIX, SOCK_STREAM, 0));
    OK(pipe(ends));
    close(ends[1]);
    try_both("pipe", ends[0]);
    try("folder", open(".", O_RDONLY));
    try("device", open("/dev/null", O_RDONLY));
    try("console", open("/dev/console", O_RDONLY | O_NOCTTY));
    try("proc", open("/proc/self/stat", O_RDONLY));
    try_both("fifo", open("fifo", O_RDWR));
    try("link", open("link", O_PATH | O_NOFOLLOW));
}

int main(void) {
    OK(mkfifo("fifo", 0777));
    OK(symlink("nothing", "link"));
    try_all();
    CHILD("exit 0", become_user(1000, 1000); try_all());
    return done();
}
