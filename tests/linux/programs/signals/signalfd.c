// signalfd: pending signals as records, blocking, polling, another mask, and its errnos.
#include "check.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

static struct signalfd_siginfo records[8];
static sigset_t all;

static long raw(int fd, const void* mask, size_t size, int flags) {
    return syscall(SYS_signalfd4, fd, mask, size, flags);
}
static int is_readable(int fd) {
    struct pollfd p = {fd, POLLIN | POLLOUT, 0};
    return poll(&p, 1, 0) == 1 ? p.revents : 0;
}
static long records_read(int fd) {
    memset(records, 0xee, sizeof records);
    long size = read(fd, records, sizeof records);
    return size > 0 ? size / 128 : size;
}

static int thread_pipe[2];
static void* thread(void* argument) {
    // What was sent to the other thread is not this one's; what was sent to the process is anybody's.
    int fd = *(int*)argument;
    SAY("in a thread: %d", is_readable(fd));
    OK(kill(getpid(), SIGUSR2));
    SAY("in a thread: %d", is_readable(fd));
    IS(1, records_read(fd));
    IS(SIGUSR2, records[0].ssi_signo);
    return NULL;
}

int main(void) {
    sigset_t none;
    sigemptyset(&none);
    sigfillset(&all);
    sigset_t some;
    sigemptyset(&some);
    sigaddset(&some, SIGUSR1);
    sigaddset(&some, SIGUSR2);
    sigaddset(&some, SIGCHLD);
    sigaddset(&some, SIGRTMIN);
    sigaddset(&some, SIGKILL);
    FAILS(EINVAL, raw(-1, unmapped(), 4, 0));
    FAILS(EFAULT, raw(-1, unmapped(), 8, 99));
    FAILS(EINVAL, raw(-1, &some, 8, 1));
    FAILS(EBADF, raw(99, &some, 8, 0));
    FAILS(EINVAL, raw(0, &some, 8, 0));
    OK(sigprocmask(SIG_BLOCK, &all, NULL));
    int fd = OK(signalfd(-1, &some, SFD_NONBLOCK | SFD_CLOEXEC));
    IS(FD_CLOEXEC, fcntl(fd, F_GETFD));
    IS(O_RDWR | O_NONBLOCK, fcntl(fd, F_GETFL));
    char link[64], target[64] = "", text[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    OK(readlink(link, target, sizeof target - 1));
    SAY("%s", target);
    snprintf(link, sizeof link, "/proc/self/fdinfo/%d", fd);
    int info = OK(open(link, O_RDONLY));
    text[OK(read(info, text, sizeof text - 1))] = 0;
    SAY("%s", strstr(text, "sigmask"));
    FAILS(EAGAIN, read(fd, records, sizeof records));
    FAILS(EINVAL, read(fd, records, 127));
    FAILS(EINVAL, write(fd, records, 128));
    IS(0, is_readable(fd));

    OK(raise(SIGUSR1));
    union sigval value = {.sival_int = 77};
    OK(sigqueue(getpid(), SIGRTMIN, value));
    value.sival_int = 78;
    OK(sigqueue(getpid(), SIGRTMIN, value));
    OK(kill(getpid(), SIGUSR1));
    OK(kill(getpid(), SIGHUP));  // nobody asked for it
    IS(POLLIN, is_readable(fd));
    IS(4, records_read(fd));  // the thread's first
    for (int i = 0; i < 4; ++i)
        SAY("%d code %d int %d own %d uid %d", records[i].ssi_signo, records[i].ssi_code, records[i].ssi_int,
            records[i].ssi_pid == (uint32_t)getpid(), records[i].ssi_uid);
    IS(0, records[0].ssi_errno);
    FAILS(EAGAIN, read(fd, records, sizeof records));
    // A small buffer takes what fits.
    OK(raise(SIGUSR1));
    OK(raise(SIGUSR2));
    IS(128, read(fd, records, 255));
    IS(SIGUSR1, records[0].ssi_signo);
    IS(128, read(fd, records, 128));
    OK(raise(SIGUSR1));
    FAILS(EFAULT, read(fd, unmapped(), 128));
    FAILS(EAGAIN, read(fd, records, 128));

    // A child's end.
    pid_t child = SPAWN(_exit(3));
    int ep = OK(epoll_create1(0));
    struct epoll_event event = {.events = EPOLLIN}, out[2];
    OK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
    IS(1, epoll_wait(ep, out, 2, -1));
    IS(1, records_read(fd));
    IS(SIGCHLD, records[0].ssi_signo);
    TRUE(records[0].ssi_pid == (uint32_t)child);
    IS(3, records[0].ssi_status);
    IS(CLD_EXITED, records[0].ssi_code);
    check_end(child, "exit 3");
    IS(0, epoll_wait(ep, out, 2, 0));

    // Another mask on the same descriptor. What waits already counts at once.
    OK(raise(SIGTERM));
    IS(0, is_readable(fd));
    sigemptyset(&some);
    sigaddset(&some, SIGTERM);
    IS(fd, signalfd(fd, &some, 0));
    IS(POLLIN, is_readable(fd));
    IS(1, records_read(fd));
    IS(SIGTERM, records[0].ssi_signo);
    OK(raise(SIGUSR1));
    IS(0, is_readable(fd));
    sigaddset(&some, SIGUSR1);
    sigaddset(&some, SIGUSR2);
    IS(fd, signalfd(fd, &some, 0));
    IS(1, records_read(fd));

    // A read that blocks, ended by a signal that it reads, or by one with a handler.
    int blocking = OK(signalfd(-1, &some, 0));
    pid_t self = getpid();
    child = SPAWN(nap_ms(50); _exit(kill(self, SIGUSR2) == 0 ? 0 : 1));
    IS(128, read(blocking, records, sizeof records));
    IS(SIGUSR2, records[0].ssi_signo);
    check_end(child, "exit 0");
    // Who else has the descriptor reads its own signals.
    OK(raise(SIGUSR1));
    CHILD("exit 0", IS(0, is_readable(fd)); OK(raise(SIGUSR2)); IS(1, records_read(fd));
          IS(SIGUSR2, records[0].ssi_signo); _exit(0));
    OK(pipe(thread_pipe));
    pthread_t id;
    IS(1, records_read(fd));
    IS(SIGUSR1, records[0].ssi_signo);
    OK(raise(SIGUSR1));
    pthread_create(&id, NULL, thread, &fd);  // IS is for one thread at a time
    pthread_join(id, NULL);
    IS(1, records_read(fd));
    IS(SIGUSR1, records[0].ssi_signo);
    return done();
}
