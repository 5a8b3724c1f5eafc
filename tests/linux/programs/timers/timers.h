// POSIX timers by their system calls, as the kernel has them: a timer's number is an int.
#pragma once

#include "check.h"

#ifndef SIGEV_THREAD_ID
#define SIGEV_THREAD_ID 4
#endif
#define PROCESS_CLOCK(pid, kind) ((int)(~(unsigned)(pid) << 3 | (kind)))
#define THREAD_CLOCK(tid, kind) PROCESS_CLOCK(tid, (kind) | 4)
enum { PROF, VIRT, SCHED };

struct event {
    long value;
    int signal, notify, tid, padding[11];
};

static inline int timer_make(int clock, int notify, int signal, long value, int* id) {
    struct event event = {.value = value, .signal = signal, .notify = notify};
    if (notify & SIGEV_THREAD_ID) event.tid = syscall(SYS_gettid);
    return syscall(SYS_timer_create, clock, &event, id);
}

static inline int timer_set(int id, int flags, long value_ns, long interval_ns) {
    struct itimerspec wanted = {{interval_ns / 1000000000, interval_ns % 1000000000},
                                {value_ns / 1000000000, value_ns % 1000000000}};
    return syscall(SYS_timer_settime, id, flags, &wanted, NULL);
}

static inline long left_ns(int id) {
    struct itimerspec now;
    if (syscall(SYS_timer_gettime, id, &now) != 0) return -1;
    return now.it_value.tv_sec * 1000000000 + now.it_value.tv_nsec;
}

static inline int timer_overrun(int id) { return syscall(SYS_timer_getoverrun, id); }
static inline int timer_end(int id) { return syscall(SYS_timer_delete, id); }

// A signal that waits is taken; 0: none comes within `ms`.
static inline int take(int signal, int ms, siginfo_t* info) {
    sigset_t set = set_of(signal);
    struct timespec limit = {ms / 1000, ms % 1000 * 1000000L};
    memset(info, 0, sizeof *info);
    int got;
    while ((got = sigtimedwait(&set, info, &limit)) < 0 && errno == EINTR) continue;
    return got < 0 ? 0 : got;
}

static inline void block(int signal) {
    sigset_t set = set_of(signal);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

static inline void burn_ms(long ms) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    const long end = now.tv_sec * 1000 + now.tv_nsec / 1000000 + ms;
    do clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    while (now.tv_sec * 1000 + now.tv_nsec / 1000000 < end);
}
