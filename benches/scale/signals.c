// One signal beside n queued ones; a timer that has missed n of its periods.
#include "scale.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t self, helper;
static long many, periods;
static volatile long handled;

static void block(int signal) {
    const uint64_t mask = 1ULL << (signal - 1);
    REQUIRE(CALL4(SYS_rt_sigprocmask, SIG_BLOCK, &mask, NULL, 8) == 0);
}
static void queue(int signal) {
    siginfo_t information = {.si_signo = signal, .si_code = SI_QUEUE};
    REQUIRE(CALL3(SYS_rt_sigqueueinfo, self, signal, &information) == 0);
}
static void take(int signal) {
    const uint64_t mask = 1ULL << (signal - 1);
    const struct timespec none = {0};
    REQUIRE(CALL4(SYS_rt_sigtimedwait, &mask, NULL, &none, 8) == signal);
}
static void on_signal(int signal) { handled += signal != 0; }

static void queue_many(long count) {
    const struct sigaction action = {.sa_handler = on_signal};
    self = getpid();
    many = count;
    REQUIRE(sigaction(SIGUSR1, &action, NULL) == 0);
    block(SIGRTMIN + 5);
    block(SIGRTMIN);
    block(SIGUSR2);
    for (long i = 0; i < count; ++i) queue(SIGRTMIN + 5);
}
static void queue_and_take_same(void) {
    queue(SIGRTMIN + 5);
    take(SIGRTMIN + 5);
}
static void queue_and_take_other(void) {
    queue(SIGRTMIN);
    take(SIGRTMIN);
}
static void send_and_take(void) {
    REQUIRE(CALL2(SYS_kill, self, SIGUSR2) == 0);
    take(SIGUSR2);
}
static void handle(void) {
    const long before = handled;
    REQUIRE(CALL2(SYS_kill, self, SIGUSR1) == 0 && handled == before + 1);
}
static void fork_one(void) { fork_and_wait(NULL); }
static void flush(void) {
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    REQUIRE(sigaction(SIGRTMIN + 5, &ignore, NULL) == 0);
}
static void queue_again(void) {
    const struct sigaction usual = {.sa_handler = SIG_DFL};
    REQUIRE(sigaction(SIGRTMIN + 5, &usual, NULL) == 0);
    for (long i = 0; i < many; ++i) queue(SIGRTMIN + 5);
}

// This process stops itself; its helper continues it after `periods` microseconds and a constant time. Meanwhile a timer
// with a period of a microsecond was due.
static void continue_after_stop(pid_t who) {
    for (;;) {
        const struct timespec pause_length = {0, (20000 + periods) * 1000};
        const uint64_t mask = 1ULL << (SIGUSR2 - 1);
        if (CALL4(SYS_rt_sigtimedwait, &mask, NULL, NULL, 8) != SIGUSR2) continue;
        CALL2(SYS_nanosleep, &pause_length, NULL);
        CALL2(SYS_kill, who, SIGCONT);
    }
}
static void on_alarm(int signal) {
    const struct itimerval never = {0};
    handled += signal == SIGALRM;
    CALL3(SYS_setitimer, ITIMER_REAL, &never, NULL);
}
static void start_helper(long count) {
    const struct sigaction action = {.sa_handler = on_alarm};
    periods = count;
    self = getpid();
    block(SIGUSR2);
    REQUIRE((helper = fork()) >= 0);
    if (helper == 0) continue_after_stop(self);
    REQUIRE(sigaction(SIGALRM, &action, NULL) == 0);
    let_others_run();
}
static void miss_periods(void) {
    const struct itimerval soon = {.it_value = {0, 10000}, .it_interval = {0, 1}};
    const long before = handled;
    REQUIRE(CALL3(SYS_setitimer, ITIMER_REAL, &soon, NULL) == 0);
    REQUIRE(CALL2(SYS_kill, helper, SIGUSR2) == 0);
    REQUIRE(CALL2(SYS_kill, self, SIGSTOP) == 0 && handled > before);
}

const struct Growth signal_rows[] = {
    {"signals_queue_same", 256, NULL, queue_many, queue_and_take_same, NULL, NULL},
    {"signals_queue_other", 256, NULL, queue_many, queue_and_take_other, NULL, NULL},
    {"signals_send_standard", 256, NULL, queue_many, send_and_take, NULL, NULL},
    {"signals_handle", 256, NULL, queue_many, handle, NULL, NULL},
    {"signals_fork", 256, NULL, queue_many, fork_one, NULL, NULL},
    {"signals_flush", 64, "each queued signal is dropped", queue_many, flush, queue_again, NULL},
    {"timers_missed_periods", 10000, NULL, start_helper, miss_periods, NULL, NULL},
    {NULL},
};
