// pidfds: making them, signals, polling, waiting, taking descriptors, and what is left when the process has gone.
#include "check.h"

#include <sys/epoll.h>

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static int pidfd_open_(pid_t pid, unsigned flags) { return (int)syscall(SYS_pidfd_open, pid, flags); }
static int pidfd_send(int fd, int signal, siginfo_t* info, unsigned flags) {
    return (int)syscall(SYS_pidfd_send_signal, fd, signal, info, flags);
}
static int pidfd_get(int fd, int target, unsigned flags) {
    return (int)syscall(SYS_pidfd_getfd, fd, target, flags);
}
static int is_readable(int fd) {
    struct pollfd p = {fd, POLLIN | POLLOUT, 0};
    return poll(&p, 1, 0) == 1 ? p.revents : 0;
}

static void say_details(int fd, pid_t pid) {
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
    int info = OK(open(path, O_RDONLY));
    text[OK(read(info, text, sizeof text - 1))] = 0;
    OK(close(info));
    int value = 0, inner = 0;
    char* line = strstr(text, "Pid:");
    TRUE(line && sscanf(line, "Pid:\t%d\nNSpid:\t%d\n", &value, &inner) == 2);
    SAY("pid %s, inner %s", value == pid ? "its own" : value == -1 ? "-1" : "?",
        inner == pid ? "its own" : inner == -1 ? "-1" : "?");
}

int main(void) {
    int go[2];
    siginfo_t info;
    OK(pipe(go));
    FAILS(EINVAL, pidfd_open_(getpid(), 1));
    FAILS(EINVAL, pidfd_open_(0, 0));
    FAILS(EINVAL, pidfd_open_(-1, 0));
    FAILS(ESRCH, pidfd_open_(4000000, 0));
    pid_t child = SPAWN(char byte; close(go[1]); _exit(read(go[0], &byte, 1) == 1 ? byte : 0));
    int fd = OK(pidfd_open_(child, 0));
    IS(FD_CLOEXEC, fcntl(fd, F_GETFD));
    IS(O_RDWR, fcntl(fd, F_GETFL));
    char link[64], target[64] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    OK(readlink(link, target, sizeof target - 1));
    SAY("%s", target);
    FAILS(EINVAL, read(fd, target, 1));
    FAILS(ESPIPE, lseek(fd, 0, SEEK_SET));
    say_details(fd, child);
    IS(0, is_readable(fd));

    // Signals.
    OK(pidfd_send(fd, 0, NULL, 0));
    FAILS(EINVAL, pidfd_send(fd, 0, NULL, 1));
    FAILS(EINVAL, pidfd_send(fd, 65, NULL, 0));
    FAILS(EBADF, pidfd_send(99, 0, NULL, 0));
    FAILS(EBADF, pidfd_send(0, 0, NULL, 0));
    FAILS(EFAULT, pidfd_send(fd, 0, unmapped(), 0));
    memset(&info, 0, sizeof info);
    info.si_signo = SIGUSR1;
    info.si_code = SI_QUEUE;
    FAILS(EINVAL, pidfd_send(fd, SIGUSR2, &info, 0));
    info.si_code = SI_USER;
    FAILS(EPERM, pidfd_send(fd, SIGUSR1, &info, 0));
    int self = OK(pidfd_open_(getpid(), 0));
    sigset_t usr1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    OK(sigprocmask(SIG_BLOCK, &usr1, NULL));
    info.si_value.sival_int = 5;
    OK(pidfd_send(self, SIGUSR1, &info, 0));
    IS(SIGUSR1, sigwaitinfo(&usr1, &info));
    IS(SI_USER, info.si_code);
    OK(pidfd_send(self, SIGUSR1, NULL, 0));
    IS(SIGUSR1, sigwaitinfo(&usr1, &info));
    TRUE(info.si_pid == getpid());
    CHILD("exit 0", OK(setuid(1000)); FAILS(EPERM, pidfd_send(self, 0, NULL, 0));
          FAILS(EPERM, pidfd_get(self, 0, 0)); _exit(0));

    // Descriptors of another.
    FAILS(EINVAL, pidfd_get(fd, go[0], 1));
    FAILS(EBADF, pidfd_get(fd, go[1], 0));
    FAILS(EBADF, pidfd_get(0, 0, 0));
    FAILS(EBADF, pidfd_get(99, 0, 0));
    int taken = OK(pidfd_get(fd, go[0], 0));
    IS(FD_CLOEXEC, fcntl(taken, F_GETFD));
    OK(close(taken));

    // Waiting.
    FAILS(EBADF, waitid(P_PIDFD, 99, &info, WEXITED));
    FAILS(EINVAL, waitid(P_PIDFD, (id_t)-1, &info, WEXITED));
    FAILS(EBADF, waitid(P_PIDFD, 0, &info, WEXITED));
    FAILS(ECHILD, waitid(P_PIDFD, (id_t)self, &info, WEXITED));
    info.si_pid = 1;
    OK(waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOHANG));
    IS(0, info.si_pid);
    int impatient = OK(pidfd_open_(child, O_NONBLOCK));
    IS(O_RDWR | O_NONBLOCK, fcntl(impatient, F_GETFL));
    FAILS(EAGAIN, waitid(P_PIDFD, (id_t)impatient, &info, WEXITED));
    OK(waitid(P_PIDFD, (id_t)impatient, &info, WEXITED | WNOHANG));
    int ep = OK(epoll_create1(0));
    struct epoll_event event = {.events = EPOLLIN | EPOLLET}, out[2];
    OK(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &event));
    IS(0, epoll_wait(ep, out, 2, 0));
    IS(1, write(go[1], "\7", 1));
    IS(1, epoll_wait(ep, out, 2, -1));
    IS(EPOLLIN, out[0].events);
    IS(POLLIN, is_readable(fd));
    say_details(fd, child);  // a zombie
    OK(pidfd_send(fd, SIGTERM, NULL, 0));
    FAILS(ESRCH, pidfd_get(fd, 0, 0));
    int zombie = OK(pidfd_open_(child, 0));
    OK(waitid(P_PIDFD, (id_t)fd, &info, WEXITED | WNOWAIT));
    IS(7, info.si_status);
    OK(waitid(P_PIDFD, (id_t)fd, &info, WEXITED));
    TRUE(info.si_pid == child);
    IS(CLD_EXITED, info.si_code);
    // Gone.
    FAILS(ECHILD, waitid(P_PIDFD, (id_t)fd, &info, WEXITED));
    FAILS(ESRCH, pidfd_send(fd, 0, NULL, 0));
    FAILS(ESRCH, pidfd_get(zombie, 0, 0));
    FAILS(ESRCH, pidfd_open_(child, 0));
    IS(POLLIN, is_readable(fd));
    say_details(zombie, child);

    // Made together with the child.
    int made = -1;
    child = (pid_t)syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, &made, 0, 0);
    if (child == 0) _exit(fcntl(made, F_GETFD) == -1 ? 0 : 1);  // the child has no such descriptor
    TRUE(child > 0);
    IS(FD_CLOEXEC, fcntl(made, F_GETFD));
    OK(waitid(P_PIDFD, (id_t)made, &info, WEXITED));
    TRUE(info.si_pid == child);
    IS(0, info.si_status);
    FAILS(EINVAL, syscall(SYS_clone, CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, 0, &made, 0, 0));
    FAILS(EINVAL, syscall(SYS_clone, CLONE_PIDFD | CLONE_DETACHED | SIGCHLD, 0, &made, 0, 0));
    FAILS(EFAULT, syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, unmapped(), 0, 0));
    FAILS(ECHILD, waitpid(-1, NULL, 0));
    int before = OK(dup(0));
    OK(close(before));
    struct {
        uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, rest[3];
    } arguments = {.flags = CLONE_PIDFD | CLONE_PARENT_SETTID, .exit_signal = SIGCHLD};
    pid_t number = 0;
    arguments.pidfd = (uintptr_t)&made;
    arguments.parent_tid = (uintptr_t)&number;
    child = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
    if (child == 0) _exit(9);  // before it can print anything
    TRUE(child > 0);
    IS(before, made);  // what the failed ones had taken is free
    TRUE(number == child);
    OK(waitid(P_PIDFD, (id_t)made, &info, WEXITED));
    IS(9, info.si_status);
    arguments.parent_tid = arguments.pidfd;
    FAILS(EINVAL, syscall(SYS_clone3, &arguments, sizeof arguments));
    arguments.flags = CLONE_PIDFD | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM;
    arguments.exit_signal = 0;
    FAILS(EINVAL, syscall(SYS_clone3, &arguments, sizeof arguments));
    struct rlimit limit = {(rlim_t)before, 1024};
    OK(setrlimit(RLIMIT_NOFILE, &limit));
    close(made);
    FAILS(EMFILE, syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, &made, 0, 0));
    return done();
}
