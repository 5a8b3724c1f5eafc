// A storm: eight processes fork, execute, exit, map, signal each other and pass descriptors at once. Each checks what it gets, and init
// compares the kernel's resources before and after.
#define _GNU_SOURCE
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// How long a worker sleeps between two looks at the other workers. With 100 us, eight workers that look use all the time of a debug
// kernel's only CPU, and the storm never ends.
enum { POLL_US = 10000 };
enum { WORKERS = 8, DEFAULT_ROUNDS = 10, PAGE = 4096, MOST_PAGES = 16 };
// The descriptor at which an executed program finds its socket.
enum { SOCKET_OF_EXECUTED = 3 };

// What the workers share.
static struct shared {
    volatile int is_started;
    volatile int pids[WORKERS];
    // Queued signals are counted: none may be lost.
    long sent[WORKERS], received[WORKERS];
    long passed, taken;
    long finished;
}* shared;

static int self;
static int to_next, from_last;  // sockets of the ring of workers
static uint32_t state;
static volatile sig_atomic_t alarms;

static uint32_t random_below(uint32_t bound) {
    state = state * 1664525 + 1013904223;
    return (state >> 8) % bound;
}

static void add(long* sum, long number) { __atomic_add_fetch(sum, number, __ATOMIC_SEQ_CST); }
static long get(const long* sum) { return __atomic_load_n(sum, __ATOMIC_SEQ_CST); }

static void count_queued(int signal, siginfo_t* info, void* context) {
    (void)context;
    const int error = errno;
    if (signal == SIGRTMIN && info->si_code == SI_QUEUE) add(&shared->received[info->si_value.sival_int], 1);
    if (signal == SIGALRM) ++alarms;
    errno = error;
}

// ---- Descriptors

static int send_descriptor(int socket, int descriptor, char mark, int flags) {
    char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8))) = {0};
    struct iovec vector = {&mark, 1};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    struct cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
    return (int)sendmsg(socket, &message, flags | MSG_NOSIGNAL);
}

// The descriptor; -1: none, with errno, which is 0 at the end of the stream.
static int receive_descriptor(int socket, char* mark, int flags) {
    char control[CMSG_SPACE(sizeof(int))] __attribute__((aligned(8)));
    struct iovec vector = {mark, 1};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
    const ssize_t size = recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC);
    if (size == 0) errno = 0;
    if (size <= 0) return -1;
    const struct cmsghdr* header = CMSG_FIRSTHDR(&message);
    CHECK(header != NULL && header->cmsg_type == SCM_RIGHTS && !(message.msg_flags & MSG_CTRUNC));
    int descriptor;
    memcpy(&descriptor, CMSG_DATA(header), sizeof(int));
    return descriptor;
}

// A pipe that contains `mark` once; its end for reading.
static int marked_pipe(char mark) {
    int ends[2];
    CHECK(pipe2(ends, O_CLOEXEC) == 0 && write(ends[1], &mark, 1) == 1 && close(ends[1]) == 0);
    return ends[0];
}
static void check_marked_pipe(int end, char mark) {
    char found[2] = {0};
    CHECK(read(end, found, 2) == 1 && found[0] == mark && read(end, found, 1) == 0 && close(end) == 0);
}

static void take_all(int flags) {
    char mark;
    int end;
    while ((end = receive_descriptor(from_last, &mark, flags)) >= 0 || errno == EINTR) {
        if (end < 0) continue;
        check_marked_pipe(end, mark);
        add(&shared->taken, 1);
    }
    CHECK(errno == (flags == MSG_DONTWAIT ? EAGAIN : 0) || errno == 0);
}
static void pass_to_next(void) {
    const char mark = (char)random_below(256);
    const int end = marked_pipe(mark);
    if (send_descriptor(to_next, end, mark, MSG_DONTWAIT) == 1)
        add(&shared->passed, 1);
    else
        CHECK(errno == EAGAIN || errno == ETOOMANYREFS);
    CHECK(close(end) == 0);
    take_all(MSG_DONTWAIT);
}
// Two sockets in flight through each other, which nobody can reach any more.
static void leave_a_cycle(void) {
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
    CHECK(send_descriptor(pair[0], pair[1], 1, 0) == 1 && send_descriptor(pair[1], pair[0], 1, 0) == 1);
    CHECK(close(pair[0]) == 0 && close(pair[1]) == 0);
}

// ---- Processes

static int wait_for(int pid) {
    int status = 0;
    int found;
    while ((found = waitpid(pid, &status, 0)) < 0 && errno == EINTR) continue;
    if (found != pid) fail("waitpid %d gave %d", pid, found);
    return status;
}
static void fork_and_exit(void) {
    const int code = (int)random_below(256);
    const int child = fork();
    if (child == 0) _exit(code);
    CHECK(child > 0 && wait_for(child) == EXITS(code));
}
static void fork_and_kill(void) {
    const int child = fork();
    if (child == 0) {
        while (1) {
            void* memory = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            memset(memory, 1, 4 * PAGE);
            munmap(memory, 4 * PAGE);
            const int other = fork();
            if (other == 0) _exit(0);
            waitpid(other, NULL, 0);
        }
    }
    for (uint32_t turns = random_below(20); turns > 0; --turns) sched_yield();
    CHECK(child > 0 && kill(child, SIGKILL) == 0 && wait_for(child) == SIGKILL);
}
// The program gets a pipe through its socket, and ends with what it reads there.
static void execute(void) {
    int pair[2];
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
    const int child = random_below(2) ? fork() : vfork();
    if (child == 0) {
        dup2(pair[1], SOCKET_OF_EXECUTED);
        execl("/init", "/init", "storm", NULL);
        _exit(97);
    }
    CHECK(child > 0 && close(pair[1]) == 0);
    const char mark = (char)random_below(97);
    const int end = marked_pipe(mark);
    CHECK(send_descriptor(pair[0], end, mark, 0) == 1 && close(end) == 0 && close(pair[0]) == 0);
    CHECK(wait_for(child) == EXITS(mark));
}
int executed_by_storm(void) {
    char mark, found;
    const int end = receive_descriptor(SOCKET_OF_EXECUTED, &mark, 0);
    return end >= 0 && read(end, &found, 1) == 1 && found == mark ? mark : 96;
}

// ---- Memory

// Private pages are the child's own, and shared ones are both's.
static void map_and_fork(void) {
    const size_t size = (1 + random_below(MOST_PAGES)) * PAGE;
    const int kind = random_below(2) ? MAP_SHARED : MAP_PRIVATE;
    unsigned char* memory = mmap(NULL, size, PROT_READ | PROT_WRITE, kind | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    const unsigned char mark = (unsigned char)(1 + random_below(200));
    for (size_t at = 0; at < size; at += PAGE) memory[at] = mark;
    const int child = fork();
    if (child == 0) {
        for (size_t at = 0; at < size; at += PAGE) CHECK(memory[at]++ == mark);
        _exit(0);
    }
    CHECK(child > 0 && wait_for(child) == 0);
    for (size_t at = 0; at < size; at += PAGE) CHECK(memory[at] == mark + (kind == MAP_SHARED));
    CHECK(munmap(memory, size) == 0);
}
static void map_protect_and_unmap(void) {
    const size_t size = (3 + random_below(MOST_PAGES)) * PAGE;
    char* memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    memset(memory, self, size);
    CHECK(mprotect(memory + PAGE, PAGE, PROT_READ) == 0 && munmap(memory + 2 * PAGE, size - 2 * PAGE) == 0);
    // The second page is in the way.
    char* moved = mremap(memory, PAGE, 3 * PAGE, MREMAP_MAYMOVE);
    CHECK(moved != MAP_FAILED && moved != memory && moved[PAGE - 1] == self && moved[3 * PAGE - 1] == 0);
    CHECK(memory[PAGE] == self && munmap(memory + PAGE, PAGE) == 0 && munmap(moved, 3 * PAGE) == 0);
}

// ---- Signals

static void signal_another(void) {
    const int other = (int)random_below(WORKERS);
    if (sigqueue(shared->pids[other], SIGRTMIN, (union sigval){.sival_int = self}) == 0)
        add(&shared->sent[self], 1);
    else
        CHECK(errno == EAGAIN);
    CHECK(kill(shared->pids[random_below(WORKERS)], SIGUSR1) == 0);
}
static void alarm_soon(void) {
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGALRM};
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    const sig_atomic_t before = alarms;
    CHECK(timer_settime(timer, 0, &(struct itimerspec){{0, 0}, {0, 1 + random_below(1000000)}}, NULL) == 0);
    if (random_below(4) == 0)
        while (alarms == before) usleep(1000);
    CHECK(timer_delete(timer) == 0);
}

// ---- The storm

static void (*const STEPS[])(void) = {fork_and_exit,         fork_and_kill,  execute,
                                      pass_to_next,          leave_a_cycle,  map_and_fork,
                                      map_protect_and_unmap, signal_another, alarm_soon};
#define STEP_COUNT (sizeof(STEPS) / sizeof(STEPS[0]))

static void run_worker(int rounds) {
    handle(SIGRTMIN, count_queued, SA_RESTART);
    handle(SIGUSR1, count_queued, SA_RESTART);
    handle(SIGALRM, count_queued, SA_RESTART);
    shared->pids[self] = getpid();
    state = (uint32_t)self * 7919 + 1;
    while (!shared->is_started) usleep(POLL_US);
    for (int round = 0; round < rounds; ++round) {
        // Each does all steps in an order of its own.
        const uint32_t first = random_below(STEP_COUNT);
        for (uint32_t step = 0; step < STEP_COUNT; ++step) STEPS[(first + step) % STEP_COUNT]();
    }
    CHECK(shutdown(to_next, SHUT_WR) == 0);
    take_all(0);
    // Nobody signals a worker after this, and the next return from a system call delivers what is pending.
    add(&shared->finished, 1);
    while (get(&shared->finished) < WORKERS) usleep(POLL_US);
    CHECK(getppid() != 0);
}

static long sum(const long* of_each) {
    long all = 0;
    for (int i = 0; i < WORKERS; ++i) all += get(&of_each[i]);
    return all;
}

static void storm(void) {
    const int rounds = count_of("storm_rounds", DEFAULT_ROUNDS);
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    int ring[WORKERS][2];
    for (int i = 0; i < WORKERS; ++i) CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ring[i]) == 0);
    int workers[WORKERS];
    for (self = 0; self < WORKERS; ++self) {
        workers[self] = fork();
        CHECK(workers[self] >= 0);
        if (workers[self] != 0) continue;
        to_next = ring[self][0];
        from_last = ring[(self + WORKERS - 1) % WORKERS][1];
        for (int i = 0; i < WORKERS; ++i) {
            if (ring[i][0] != to_next) close(ring[i][0]);
            if (ring[i][1] != from_last) close(ring[i][1]);
        }
        run_worker(rounds);
        _exit(0);
    }
    for (int i = 0; i < WORKERS; ++i) close(ring[i][0]), close(ring[i][1]);
    for (int i = 0; i < WORKERS; ++i)
        while (shared->pids[i] == 0) usleep(1000);
    shared->is_started = 1;
    for (int i = 0; i < WORKERS; ++i) CHECK(wait_for(workers[i]) == 0);
    if (sum(shared->sent) != sum(shared->received))
        fail("%ld queued signals came of %ld", sum(shared->received), sum(shared->sent));
    if (shared->passed != shared->taken) fail("%ld descriptors came of %ld", shared->taken, shared->passed);
}

const struct test storm_tests[] = {
    {"storm", storm, EXITS(0), 1, 1},
    {0},
};
