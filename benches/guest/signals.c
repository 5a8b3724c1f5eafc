// Signals: to oneself, with a handler; many at once; masks; timers.
#include "bench.h"

#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile long handled;
static pid_t self;

static void on_signal(int number) { handled += number == SIGUSR1 || number >= SIGRTMIN ? 1 : 1000000; }

static void install(void) {
    struct sigaction action = {.sa_handler = on_signal};
    REQUIRE(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGRTMIN, &action, NULL) == 0);
    self = getpid();
}
static void uninstall(void) {
    signal(SIGUSR1, SIG_DFL);
    signal(SIGRTMIN, SIG_DFL);
}

static enum Proof prove_self(void) {
    handled = 0;
    REQUIRE(CALL2(SYS_kill, self, SIGUSR1) == 0 && handled == 1);
    return PROVED;
}
static void run_self(long count) {
    while (count--) CALL2(SYS_kill, self, SIGUSR1);
}

// Sixteen real-time signals queued while they are blocked, then delivered one after the other.
static void storm(void) {
    uint64_t blocked = 1ULL << (SIGRTMIN - 1), none = 0;
    const union sigval value = {.sival_int = 7};
    CALL4(SYS_rt_sigprocmask, SIG_BLOCK, &blocked, NULL, 8);
    for (int i = 0; i < 16; ++i) {
        siginfo_t information = {.si_signo = SIGRTMIN, .si_code = SI_QUEUE, .si_value = value};
        CALL3(SYS_rt_sigqueueinfo, self, SIGRTMIN, &information);
    }
    CALL4(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8);
}
static enum Proof prove_storm(void) {
    handled = 0;
    storm();
    REQUIRE(handled == 16);
    return PROVED;
}
static void run_storm(long count) {
    while (count--) storm();
}

static enum Proof prove_mask(void) {
    uint64_t mask = 1ULL << (SIGUSR1 - 1), old = 0;
    handled = 0;
    REQUIRE(CALL4(SYS_rt_sigprocmask, SIG_BLOCK, &mask, &old, 8) == 0);
    REQUIRE(CALL2(SYS_kill, self, SIGUSR1) == 0 && handled == 0);
    REQUIRE(CALL4(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, 8) == 0 && handled == 1);
    return PROVED;
}
static void run_mask(long count) {
    const uint64_t mask = 1ULL << (SIGUSR1 - 1);
    uint64_t old;
    while (count--) {
        CALL4(SYS_rt_sigprocmask, SIG_BLOCK, &mask, &old, 8);
        CALL4(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, 8);
    }
}

// Armed for a second and stopped again.
static enum Proof prove_timer(void) {
    const struct itimerval second = {.it_value = {1, 0}}, never = {0};
    struct itimerval left;
    REQUIRE(setitimer(ITIMER_REAL, &second, NULL) == 0 && getitimer(ITIMER_REAL, &left) == 0);
    REQUIRE(left.it_value.tv_sec == 1 || left.it_value.tv_usec > 0);
    REQUIRE(setitimer(ITIMER_REAL, &never, &left) == 0 && getitimer(ITIMER_REAL, &left) == 0);
    REQUIRE(left.it_value.tv_sec == 0 && left.it_value.tv_usec == 0);
    return PROVED;
}
static void run_timer(long count) {
    const struct itimerval second = {.it_value = {1, 0}}, never = {0};
    while (count--) {
        CALL3(SYS_setitimer, ITIMER_REAL, &second, NULL);
        CALL3(SYS_setitimer, ITIMER_REAL, &never, NULL);
    }
}

// A POSIX timer that is made, armed, and deleted.
static enum Proof prove_posix_timer(void) {
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    const struct itimerspec second = {.it_value = {1, 0}};
    struct itimerspec left;
    int timer;
    if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer) != 0) return lacking("timer_create");
    REQUIRE(CALL4(SYS_timer_settime, timer, 0, &second, NULL) == 0 &&
            CALL2(SYS_timer_gettime, timer, &left) == 0);
    REQUIRE(left.it_value.tv_sec == 1 || left.it_value.tv_nsec > 0);
    REQUIRE(CALL1(SYS_timer_delete, timer) == 0 && CALL2(SYS_timer_gettime, timer, &left) != 0);
    return PROVED;
}
static void run_posix_timer(long count) {
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    const struct itimerspec second = {.it_value = {1, 0}};
    while (count--) {
        int timer;
        CALL3(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer);
        CALL4(SYS_timer_settime, timer, 0, &second, NULL);
        CALL1(SYS_timer_delete, timer);
    }
}

const struct Operation signal_operations[] = {
    {"signal_self", 500, install, prove_self, run_self, uninstall, NULL},
    {"signal_storm_16", 50, install, prove_storm, run_storm, uninstall, NULL},
    {"sigprocmask_twice", 1000, install, prove_mask, run_mask, uninstall, NULL},
    {"setitimer_twice", 500, NULL, prove_timer, run_timer, NULL, NULL},
    {"posix_timer", 300, NULL, prove_posix_timer, run_posix_timer, NULL, NULL},
    {NULL},
};
