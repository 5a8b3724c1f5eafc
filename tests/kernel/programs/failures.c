// Each allocation of a call fails in turn (/proc/thread-self/fail-nth, which debug kernels have): the call succeeds or says so, and
// nothing is left behind.
#define _GNU_SOURCE
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MOST_ALLOCATIONS = 3000 };

static int knob = -1;

// Release kernels have no such file: no program may make the kernel's allocations fail there.
static int has_knob(void) {
    knob = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
    CHECK(knob >= 0 || errno == ENOENT);
    return knob >= 0;
}
static void arm(int number) {
    char text[16];
    const int length = sprintf(text, "%d", number);
    // The write allocates, too.
    if (pwrite(knob, text, (size_t)length, 0) != length)
        CHECK(errno == ENOMEM && pwrite(knob, text, (size_t)length, 0) == length);
}
static int has_stopped, has_failed;
// Nothing fails any more, so that an action can undo what it has done.
static void stop(void) {
    if (has_stopped) return;
    char text[16] = {0};
    // The read allocates, too: what fails there has not failed before.
    has_failed = pread(knob, text, sizeof(text) - 1, 0) > 0 && atoi(text) == 0;
    arm(0);
    has_stopped = 1;
}
// Whether the allocation that was to fail has been reached.
static int disarm(void) {
    stop();
    has_stopped = 0;
    return has_failed;
}

static int is_want_of_memory(int error) {
    return error == ENOMEM || error == EAGAIN || error == ENOBUFS || error == ENOSPC || error == ENFILE;
}

// `action` gives 0, or an errno, and undoes what it has done.
static void each(const char* name, int (*action)(void)) {
    int failures = 0;
    for (int number = 1;; ++number) {
        arm(number);
        const int error = action();
        const int is_reached = disarm();
        if (error != 0 && !(is_reached && is_want_of_memory(error)))
            fail("%s, allocation %d: errno %d", name, number, error);
        if (!is_reached) break;
        failures += error != 0;
        CHECK(number < MOST_ALLOCATIONS);
    }
    if (failures == 0) fail("%s: no allocation failed", name);
}
#define ERRNO_OF(call) ((call) < 0 ? errno : 0)

static int fork_child(void) {
    const int pid = fork();
    if (pid == 0) _exit(5);
    const int error = ERRNO_OF(pid);
    stop();
    if (pid > 0 && status_of(pid) != EXITS(5)) return EIO;
    return error;
}
static int stack_of_thread[4096];
static int thread_body(void* unused) {
    (void)unused;
    syscall(SYS_exit, 0);
    return 0;
}
static int clone_thread(void) {
    static volatile int tid;
    tid = -1;
    const int made = clone(thread_body, stack_of_thread + 4096,
                           CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM |
                               CLONE_CHILD_CLEARTID | CLONE_PARENT_SETTID,
                           NULL, &tid, NULL, &tid);
    const int error = ERRNO_OF(made);
    if (made > 0)
        while (tid != 0) syscall(SYS_futex, &tid, 0, made, NULL, NULL, 0);
    return error;
}
static int clone_with_pidfd(void) {
    int pidfd = -1;
    struct {
        uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
    } arguments = {.flags = CLONE_PIDFD, .pidfd = (uintptr_t)&pidfd, .exit_signal = SIGCHLD};
    const int pid = (int)syscall(SYS_clone3, &arguments, sizeof(arguments));
    if (pid == 0) _exit(5);
    const int error = ERRNO_OF(pid);
    if (pid > 0) CHECK(status_of(pid) == EXITS(5) && close(pidfd) == 0);
    return error;
}

// The child counts: exec may fail before the old program has gone, and ends it by a signal after that.
static int exec_fails_at(int number, int* is_reached) {
    const int pid = fork();
    if (pid == 0) {
        char* arguments[] = {"/init", "argument", NULL};  // which is not process 1, and ends with 2
        char* environment[] = {"A=1", "B=2", NULL};
        close(knob);
        knob = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
        arm(number);
        execve("/init", arguments, environment);
        const int error = errno;
        _exit(disarm() && is_want_of_memory(error) ? 8 : 9);
    }
    const int status = status_of(pid);
    *is_reached = status != EXITS(2);
    if (WIFSIGNALED(status)) return WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGSEGV ? 0 : status;
    return status == EXITS(2) || status == EXITS(8) ? 0 : status;
}
static void exec_with_failing_allocations(void) {
    if (!has_knob()) return;
    // An allocation whose failure is made up for elsewhere fails without an effect: the end is so many successes in a row.
    int failures = 0;
    for (int number = 1, successes = 0; successes < 40; ++number) {
        int is_reached;
        const int status = exec_fails_at(number, &is_reached);
        if (status != 0) fail("exec, allocation %d: status %#x", number, status);
        successes = is_reached ? 0 : successes + 1;
        failures += is_reached;
        CHECK(number < MOST_ALLOCATIONS);
    }
    CHECK(failures > 10);
}

static void clone_with_failing_allocations(void) {
    if (!has_knob()) return;
    each("fork", fork_child);
    each("thread", clone_thread);
    each("clone3", clone_with_pidfd);
}

static int closed(int fd) {
    const int error = ERRNO_OF(fd);
    if (fd >= 0) close(fd);
    return error;
}
static int make_file(void) {
    const int error = closed(open("/tmp/new", O_CREAT | O_RDWR | O_EXCL, 0600));
    stop();
    unlink("/tmp/new");
    return error;
}
static int make_folder(void) {
    const int error = ERRNO_OF(mkdir("/tmp/folder", 0700));
    stop();
    rmdir("/tmp/folder");
    return error;
}
static int make_link(void) {
    const int error =
        ERRNO_OF(symlink("a-target-that-is-long-enough-to-be-no-short-string-at-all", "/tmp/link"));
    stop();
    unlink("/tmp/link");
    return error;
}
static int make_pipe(void) {
    int ends[2];
    if (pipe(ends) < 0) return errno;
    int error = ERRNO_OF(write(ends[1], "text", 4));
    if (error == 0) error = ERRNO_OF(fcntl(ends[0], F_SETPIPE_SZ, 1 << 18));
    close(ends[0]);
    close(ends[1]);
    return error;
}
static int make_epoll(void) {
    const int epoll = epoll_create1(0);
    if (epoll < 0) return errno;
    const int counter = eventfd(0, 0);
    int error = ERRNO_OF(counter);
    struct epoll_event event = {.events = EPOLLIN};
    if (error == 0) error = ERRNO_OF(epoll_ctl(epoll, EPOLL_CTL_ADD, counter, &event));
    if (counter >= 0) close(counter);
    close(epoll);
    return error;
}
static int make_timers(void) {
    sigset_t none;
    sigemptyset(&none);
    int error = closed(timerfd_create(CLOCK_MONOTONIC, 0));
    if (error == 0) error = closed(signalfd(-1, &none, 0));
    if (error != 0) return error;
    timer_t timer;
    if (timer_create(CLOCK_MONOTONIC, NULL, &timer) < 0) return errno;
    timer_delete(timer);
    return 0;
}
static int send_descriptors(void) {
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0) return errno;
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(2 * sizeof(int))];
    } control = {
        .header = {.cmsg_len = CMSG_LEN(2 * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    memcpy(CMSG_DATA(&control.header), pair, sizeof(pair));
    char byte = 'x';
    struct iovec vector = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
    int error = ERRNO_OF(sendmsg(pair[0], &message, 0));
    if (error == 0) {
        error = ERRNO_OF(recvmsg(pair[1], &message, 0));
        const struct cmsghdr* header = CMSG_FIRSTHDR(&message);
        if (header != NULL)
            for (size_t i = 0; i < (header->cmsg_len - CMSG_LEN(0)) / sizeof(int); ++i)
                close(((const int*)CMSG_DATA(header))[i]);
    }
    close(pair[0]);
    close(pair[1]);
    return error;
}
static int bind_socket(void) {
    struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "/tmp/socket"};
    const int server = socket(AF_UNIX, SOCK_STREAM, 0);
    if (server < 0) return errno;
    int error = ERRNO_OF(bind(server, (struct sockaddr*)&name, sizeof(name)));
    if (error == 0) error = ERRNO_OF(listen(server, 3));
    if (error == 0) {
        const int client = socket(AF_UNIX, SOCK_STREAM, 0);
        error = ERRNO_OF(client);
        if (error == 0) error = ERRNO_OF(connect(client, (struct sockaddr*)&name, sizeof(name)));
        if (error == 0) error = closed(accept(server, NULL, NULL));
        if (client >= 0) close(client);
    }
    close(server);
    stop();
    unlink("/tmp/socket");
    return error;
}
static int map_memory(void) {
    char* memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return errno;
    memory[0] = memory[1 << 19] = 1;  // a fault that cannot be served is tried again
    int error = ERRNO_OF(mprotect(memory + 4096, 4096, PROT_READ));
    char* const tail = memory + 8192;
    const size_t tail_bytes = (1 << 20) - 8192;
    if (error == 0) error = ERRNO_OF(madvise(tail, 4096, MADV_DONTNEED));
    if (error == 0) error = ERRNO_OF(munmap(tail + 4096, 4096));
    void* moved = error == 0 ? mremap(tail + 8192, tail_bytes - 8192, 2 << 20, MREMAP_MAYMOVE) : MAP_FAILED;
    if (error == 0 && moved == MAP_FAILED) error = errno;
    stop();
    munmap(memory, 1 << 20);
    if (moved != MAP_FAILED) munmap(moved, 2 << 20);
    return error;
}
static int mount_file_system(void) {
    const int error = ERRNO_OF(mount("none", "/tmp", "tmpfs", 0, "size=1m"));
    stop();
    if (error == 0) CHECK(umount("/tmp") == 0);
    return error;
}
static int lock_file(void) {
    const int file = open("/init", O_RDONLY);
    if (file < 0) return errno;
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 5, .l_len = 5};
    int error = ERRNO_OF(fcntl(file, F_SETLK, &lock));
    lock.l_start = 20;
    if (error == 0) error = ERRNO_OF(fcntl(file, F_OFD_SETLK, &lock));
    close(file);
    return error;
}
static int queue_signal(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    const union sigval value = {.sival_int = 1};
    const int error = ERRNO_OF(sigqueue(getpid(), SIGRTMIN + 1, value));
    const struct timespec now = {0};
    stop();
    sigtimedwait(&set, NULL, &now);
    return error;
}
static int duplicate_high(void) {
    const int high = dup2(0, 900);
    return closed(high);
}
static int read_report(void) {
    const int file = open("/proc/self/maps", O_RDONLY);
    if (file < 0) return errno;
    char text[500];
    const int error = ERRNO_OF(read(file, text, sizeof(text)));
    close(file);
    return error;
}
static int send_a_file(void) {
    int ends[2];
    if (pipe(ends) < 0) return errno;
    const int file = open("/init", O_RDONLY);
    int error = ERRNO_OF(file);
    if (error == 0) error = ERRNO_OF(sendfile(ends[1], file, NULL, 5000));
    if (file >= 0) close(file);
    close(ends[0]);
    close(ends[1]);
    return error;
}
static void calls_with_failing_allocations(void) {
    if (!has_knob()) return;
    static const struct {
        const char* name;
        int (*action)(void);
    } ACTIONS[] = {
        {"file", make_file},           {"folder", make_folder}, {"link", make_link},
        {"pipe", make_pipe},           {"epoll", make_epoll},   {"timers", make_timers},
        {"send", send_descriptors},    {"bind", bind_socket},   {"map", map_memory},
        {"mount", mount_file_system},  {"lock", lock_file},     {"signal", queue_signal},
        {"duplicate", duplicate_high}, {"report", read_report}, {"sendfile", send_a_file},
    };
    for (size_t i = 0; i < sizeof(ACTIONS) / sizeof(ACTIONS[0]); ++i)
        each(ACTIONS[i].name, ACTIONS[i].action);
}

const struct test failure_tests[] = {
    {"clone_with_failing_allocations", clone_with_failing_allocations, EXITS(0), 1, 3},
    {"exec_with_failing_allocations", exec_with_failing_allocations, EXITS(0), 1, 3},
    {"calls_with_failing_allocations", calls_with_failing_allocations, EXITS(0), 1, 3},
    {0},
};
