// pidfd_send_signal takes a directory /proc/PID in place of a pidfd; no other call does, and no other file will do.
#include "check.h"

#include <pthread.h>

static int told[2], answers[2];

static int send_by(int fd, int signal) { return (int)syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0); }
static int in_proc(pid_t pid, const char* what, int flags) {
    char path[64];
    sprintf(path, "/proc/%d%s", pid, what);
    return open(path, flags);
}
static void* tell_number(void* unused) {
    pid_t tid = gettid();
    char byte;
    write(answers[1], &tid, sizeof tid);
    read(told[0], &byte, 1);
    return unused;
}

int main(void) {
    OK(pipe(told));
    OK(pipe(answers));
    pid_t child = fork();
    if (child == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, tell_number, NULL);
        pthread_join(thread, NULL);
        _exit(0);
    }
    pid_t tid = 0;
    IS(sizeof tid, read(answers[0], &tid, sizeof tid));
    int directory = in_proc(child, "", O_RDONLY | O_DIRECTORY);
    OK(send_by(directory, 0));
    FAILS(EINVAL, send_by(directory, 65));
    FAILS(EINVAL, syscall(SYS_pidfd_send_signal, directory, 0, NULL, 1));
    FAILS(EBADF, send_by(in_proc(child, "", O_PATH), 0));
    FAILS(EBADF, send_by(in_proc(child, "/task", O_RDONLY), 0));
    FAILS(EBADF, send_by(in_proc(child, "/fd", O_RDONLY), 0));
    FAILS(EBADF, send_by(in_proc(child, "/status", O_RDONLY), 0));
    char path[64];
    sprintf(path, "/proc/%d/task/%d", child, child);
    FAILS(EBADF, send_by(open(path, O_RDONLY), 0));
    FAILS(EBADF, send_by(open("/proc", O_RDONLY), 0));
    FAILS(EBADF, send_by(open("/proc/sys", O_RDONLY), 0));
    FAILS(EBADF, send_by(open("/", O_RDONLY), 0));
    FAILS(EBADF, syscall(SYS_pidfd_getfd, directory, 0, 0));
    siginfo_t info;
    FAILS(EBADF, waitid(3 /* P_PIDFD */, directory, &info, WEXITED | WNOHANG));
    OK(send_by(open("/proc/self", O_RDONLY), 0));
    // The number of a thread names its process.
    int of_thread = in_proc(tid, "", O_RDONLY);
    OK(send_by(of_thread, 0));
    pid_t grandchild = fork();
    if (grandchild == 0) {
        setresuid(1234, 1234, 1234);
        FAILS(EPERM, send_by(directory, 0));
        FAILS(EPERM, send_by(directory, SIGKILL));
        _exit(done());
    }
    check_end(grandchild, "exit 0");
    OK(send_by(of_thread, SIGTERM));
    check_end(child, "SIGTERM");
    FAILS(ESRCH, send_by(directory, 0));
    FAILS(ESRCH, send_by(of_thread, 0));
    return done();
}
