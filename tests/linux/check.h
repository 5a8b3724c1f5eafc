// The functions and macros of every test program. A program calls the system and prints what it sees, one
// line per observation, without anything that may differ between two runs (process ids, addresses, times).
// Linux and Exo-OS must print the same lines.
//
//   OK(call)              the call succeeds; gives its value, prints none
//   IS(value, call)       the call gives just this value
//   FAILS(error, call)    the call gives -1 and this errno
//   TRUE(condition)       the condition holds
//   SAY(format, …)        prints a line that only the comparison judges
//   CHILD(end, code)      runs the code in a child, which ends like `exit 0` or `SIGSEGV`
//
// If a check fails, it prints the actual result, and the program ends with status 1; on Linux too, so that a
// wrong test is noticed. `return done();` ends every program.
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof *(a))
#define PAGE 4096ul
#define KERNEL_ADDRESS ((void*)0xffffffff81000000ul)
#define NON_CANONICAL ((void*)0x0000900000000000ul)

static int check_failures;
static long check_wanted;  // the value or error that IS or FAILS expects

static inline const char* error_name(int error) {
    switch (error) {
#define NAME(e) \
    case e: return #e
        NAME(EPERM);
        NAME(ENOENT);
        NAME(ESRCH);
        NAME(EINTR);
        NAME(EIO);
        NAME(ENXIO);
        NAME(E2BIG);
        NAME(ENOEXEC);
        NAME(EBADF);
        NAME(ECHILD);
        NAME(EAGAIN);
        NAME(ENOMEM);
        NAME(EACCES);
        NAME(EFAULT);
        NAME(ENOTBLK);
        NAME(EBUSY);
        NAME(EEXIST);
        NAME(EXDEV);
        NAME(ENODEV);
        NAME(ENOTDIR);
        NAME(EISDIR);
        NAME(EINVAL);
        NAME(ENFILE);
        NAME(EMFILE);
        NAME(ENOTTY);
        NAME(ETXTBSY);
        NAME(EFBIG);
        NAME(ENOSPC);
        NAME(ESPIPE);
        NAME(EROFS);
        NAME(EMLINK);
        NAME(EPIPE);
        NAME(EDOM);
        NAME(ERANGE);
        NAME(EDEADLK);
        NAME(ENAMETOOLONG);
        NAME(ENOLCK);
        NAME(ENOSYS);
        NAME(ENOTEMPTY);
        NAME(ELOOP);
        NAME(ENODATA);
        NAME(ENOPKG);
        NAME(EOVERFLOW);
        NAME(EILSEQ);
        NAME(ENOTSOCK);
        NAME(EOPNOTSUPP);
        NAME(EAFNOSUPPORT);
        NAME(EPROTONOSUPPORT);
        NAME(EADDRINUSE);
        NAME(EADDRNOTAVAIL);
        NAME(ENETDOWN);
        NAME(ENETUNREACH);
        NAME(EHOSTUNREACH);
        NAME(ECONNABORTED);
        NAME(EPROTO);
        NAME(ENOTCONN);
        NAME(ETIMEDOUT);
        NAME(ECONNREFUSED);
        NAME(EALREADY);
        NAME(EINPROGRESS);
        NAME(EUSERS);
        NAME(ESTALE);
        NAME(EDQUOT);
        NAME(ECANCELED);
        NAME(EPROTOTYPE);
        NAME(ENOPROTOOPT);
        NAME(ESOCKTNOSUPPORT);
        NAME(ECONNRESET);
        NAME(ENOBUFS);
        NAME(EISCONN);
        NAME(ETOOMANYREFS);
        NAME(EDESTADDRREQ);
        NAME(EMSGSIZE);
#undef NAME
    }
    static char number[24];
    snprintf(number, sizeof number, "errno %d", error);
    return number;
}

static inline const char* signal_name(int signal) {
    switch (signal) {
#define NAME(s) \
    case s: return #s
        NAME(SIGHUP);
        NAME(SIGINT);
        NAME(SIGQUIT);
        NAME(SIGILL);
        NAME(SIGTRAP);
        NAME(SIGABRT);
        NAME(SIGBUS);
        NAME(SIGFPE);
        NAME(SIGKILL);
        NAME(SIGUSR1);
        NAME(SIGSEGV);
        NAME(SIGUSR2);
        NAME(SIGPIPE);
        NAME(SIGALRM);
        NAME(SIGTERM);
        NAME(SIGSTKFLT);
        NAME(SIGCHLD);
        NAME(SIGCONT);
        NAME(SIGSTOP);
        NAME(SIGTSTP);
        NAME(SIGTTIN);
        NAME(SIGTTOU);
        NAME(SIGURG);
        NAME(SIGXCPU);
        NAME(SIGXFSZ);
        NAME(SIGVTALRM);
        NAME(SIGPROF);
        NAME(SIGWINCH);
        NAME(SIGIO);
        NAME(SIGPWR);
        NAME(SIGSYS);
#undef NAME
    }
    static char number[24];
    snprintf(number, sizeof number, "signal %d", signal);
    return number;
}

__attribute__((constructor)) static void check_start(void) {
    static char buffer[4096];
    setvbuf(stdout, buffer, _IOLBF, sizeof buffer);
}

__attribute__((format(printf, 1, 2))) static inline void SAY(const char* format, ...) {
    va_list values;
    va_start(values, format);
    vprintf(format, values);
    va_end(values);
    putchar('\n');
}

static inline int done(void) {
    fflush(stdout);
    return check_failures != 0;
}

static inline void check_failed(const char* text, long value, int error, const char* expected) {
    check_failures++;
    if (value == -1)
        SAY("%s = -1 %s, but expected %s", text, error_name(error), expected);
    else
        SAY("%s = %ld, but expected %s", text, value, expected);
}

static inline long check_ok(const char* text, long value, int error) {
    if (value == -1)
        check_failed(text, value, error, "success");
    else
        SAY("%s: ok", text);
    errno = error;
    return value;
}

static inline long check_is(const char* text, long value, int error) {
    char expected[24];
    long wanted = check_wanted;
    snprintf(expected, sizeof expected, "%ld", wanted);
    if (value != wanted)
        check_failed(text, value, error, expected);
    else
        SAY("%s = %ld", text, value);
    errno = error;
    return value;
}

static inline void check_fails(const char* text, long value, int error) {
    int wanted = (int)check_wanted;
    if (value != -1 || error != wanted)
        check_failed(text, value, error, error_name(wanted));
    else
        SAY("%s = -1 %s", text, error_name(error));
    errno = error;
}

static inline int check_true(const char* text, int holds) {
    SAY("%s: %s", text, holds ? "yes" : "NO, BUT EXPECTED");
    check_failures += !holds;
    return holds;
}

#define CHECK_CALL(then, text, ...)             \
    ({                                          \
        errno = 0;                              \
        long check_value = (long)(__VA_ARGS__); \
        then(text, check_value, errno);         \
    })
#define OK(...) CHECK_CALL(check_ok, #__VA_ARGS__, __VA_ARGS__)
#define IS(wanted, ...)                                  \
    ({                                                   \
        check_wanted = (wanted);                         \
        CHECK_CALL(check_is, #__VA_ARGS__, __VA_ARGS__); \
    })
#define FAILS(wanted, ...)                                  \
    ({                                                      \
        check_wanted = (wanted);                            \
        CHECK_CALL(check_fails, #__VA_ARGS__, __VA_ARGS__); \
    })
#define TRUE(...) check_true(#__VA_ARGS__, !!(__VA_ARGS__))

// The end of a process as a text: `exit 3`, `SIGSEGV`, `stopped SIGTSTP` or `continued`.
static inline const char* ending(int status) {
    static char text[48];
    if (WIFEXITED(status))
        snprintf(text, sizeof text, "exit %d", WEXITSTATUS(status));
    else if (WIFSTOPPED(status))
        snprintf(text, sizeof text, "stopped %s", signal_name(WSTOPSIG(status)));
    else if (WIFCONTINUED(status))
        snprintf(text, sizeof text, "continued");
    else
        snprintf(text, sizeof text, "%s", signal_name(WTERMSIG(status)));
    return text;
}

static inline void check_end(pid_t pid, const char* expected) {
    int status;
    pid_t got;
    while ((got = waitpid(pid, &status, 0)) < 0 && errno == EINTR) continue;
    const char* text = got < 0 ? error_name(errno) : ending(status);
    if (strcmp(text, expected) == 0) {
        SAY("child: %s", text);
        return;
    }
    check_failures++;
    SAY("child: %s, but expected %s", text, expected);
}

static inline pid_t check_fork(void) {
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) check_failures = 0;
    if (pid < 0) check_failed("fork()", -1, errno, "success");
    return pid;
}

// Starts the code in a child and continues. Call check_end() to wait for the child.
#define SPAWN(...)                      \
    ({                                  \
        pid_t check_pid = check_fork(); \
        if (check_pid == 0) {           \
            __VA_ARGS__;                \
            _exit(done());              \
        }                               \
        check_pid;                      \
    })
#define CHILD(end, ...) check_end(SPAWN(__VA_ARGS__), end)

// --- functions that many tests use ---

static inline void nap_ms(long milliseconds) {
    struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) continue;
}

static inline long now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline void make_file(const char* path, const char* content, mode_t mode) {
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    if (fd < 0 || write(fd, content, strlen(content)) != (ssize_t)strlen(content) || fchmod(fd, mode) != 0)
        check_failed(path, -1, errno, "a new file");
    close(fd);
}

// The content of a file as a string, in a static buffer that the next call overwrites.
static inline const char* content_of(const char* path) {
    static char buffer[65536];
    int fd = open(path, O_RDONLY);
    if (fd < 0) return error_name(errno);
    size_t used = 0;
    ssize_t n;
    while (used < sizeof buffer - 1 && (n = read(fd, buffer + used, sizeof buffer - 1 - used)) > 0) used += n;
    close(fd);
    buffer[used] = 0;
    return buffer;
}

// Returns when the process sleeps in a call, or has ended. How long that takes depends on the host, so no test presumes a time.
static inline void until_asleep(pid_t pid) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    for (;;) {
        const char* state = strrchr(content_of(path), ')');
        if (state == NULL || strchr("SZX", state[2]) != NULL) return;
        nap_ms(2);
    }
}

// The same for a thread of this process.
static inline void until_thread_asleep(pid_t tid) {
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", tid);
    for (;;) {
        const int fd = open(path, O_RDONLY);
        const ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
        close(fd);
        text[size > 0 ? size : 0] = 0;
        const char* state = strrchr(text, ')');
        if (state == NULL || strchr("SZX", state[2]) != NULL) return;
        nap_ms(2);
    }
}

static inline void become_user(uid_t uid, gid_t gid) {
    if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
        check_failed("become_user", -1, errno, "success");
}

// The address of an unmapped page.
static inline void* unmapped(void) {
    char* page = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(page, PAGE);
    return page;
}

// The address of `bytes` writable bytes that end directly before an unmapped page.
static inline char* before_hole(size_t bytes) {
    char* pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(pages + PAGE, PAGE, PROT_NONE);
    return pages + PAGE - bytes;
}

static inline void* anonymous(size_t size) {
    void* area = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (area == MAP_FAILED) check_failed("anonymous", -1, errno, "memory");
    return area;
}

static inline void* read_only_page(void) {
    return mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static inline void handle(int signal, void (*handler)(int), int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigemptyset(&action.sa_mask);
    if (sigaction(signal, &action, NULL) != 0) check_failed("sigaction", -1, errno, "success");
}

static inline sigset_t set_of(int signal) {
    sigset_t set;
    sigemptyset(&set);
    if (signal != 0) sigaddset(&set, signal);
    return set;
}

static inline const char* type_name(mode_t mode) {
    return S_ISREG(mode)    ? "file"
           : S_ISDIR(mode)  ? "directory"
           : S_ISLNK(mode)  ? "link"
           : S_ISCHR(mode)  ? "character device"
           : S_ISBLK(mode)  ? "block device"
           : S_ISFIFO(mode) ? "fifo"
           : S_ISSOCK(mode) ? "socket"
                            : "nothing known";
}
