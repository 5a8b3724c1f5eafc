// One operation beside n processes: sleeping, running, children, zombies, of one user.
#include "scale.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { USER = 1000 };
static pid_t own;

static void make_cousins(long count) {
    start_cousins(count);
    own = start_sleeper(JUST_PAUSE);
    let_others_run();
}
static void make_children(long count) {
    start_sleepers(count);
    own = start_sleeper(JUST_PAUSE);
    let_others_run();
}
static void make_zombies(long count) {
    start_sleepers(count);
    for (long i = 0; i < count; ++i) REQUIRE(kill(sleepers[i], SIGKILL) == 0);
    let_others_run();
}
// Others wait for the processor, and this process comes before them.
static void make_runnable(long count) {
    const struct sched_param first = {.sched_priority = 10};
    REQUIRE(CALL3(SYS_sched_setscheduler, 0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first) == 0);
    for (sleeper_count = 0; sleeper_count < count; ++sleeper_count)
        sleepers[sleeper_count] = start_repeating(SYS_getppid, 0, 0, 0);
}
static void kill_runnable(long count) {
    for (long i = 0; i < count; ++i) kill(sleepers[i], SIGKILL);
}
// Each wakes up at a time of its own, long after the end.
static void make_timed(long count) {
    static struct timespec times[MOST_SLEEPERS];
    for (long i = 0; i < count; ++i) {
        times[i] = (struct timespec){10000 + i * 7 % 1000, 0};
        start_repeating(SYS_nanosleep, (long)&times[i], 0, 0);
    }
    let_others_run();
}
static void become_user(long count) {
    start_cousins(0);
    start_sleepers(0);
    REQUIRE(CALL3(SYS_setresuid, USER, USER, USER) == 0);
    const pid_t keeper = fork();
    REQUIRE(keeper >= 0);
    if (keeper == 0) {
        for (long i = 0; i < count; ++i) start_sleeper(JUST_PAUSE);
        kill(getpid(), SIGSTOP);
    }
    REQUIRE(waitpid(keeper, NULL, WUNTRACED) == keeper);
    let_others_run();
}
static void allow_processes(rlim_t count) {
    const struct rlimit limit = {count, count};
    REQUIRE(CALL4(SYS_prlimit64, 0, RLIMIT_NPROC, &limit, NULL) == 0);
}
static void become_user_below_limit(long count) {
    become_user(count);
    allow_processes((rlim_t)count + 20);
}
static void become_user_at_limit(long count) {
    become_user(count);
    allow_processes((rlim_t)count + 2);
}

static void fork_one(void) { fork_and_wait(NULL); }
static void fork_refused(void) { REQUIRE(CALL0(SYS_fork) == -11); }
static void ask_exists(void) { REQUIRE(CALL2(SYS_kill, own, 0) == 0); }
static void ask_priority(void) { REQUIRE(CALL2(SYS_getpriority, PRIO_PROCESS, own) == 20); }
static void read_start_of(const char* name) {
    const int file = (int)CALL3(SYS_open, name, O_RDONLY, 0);
    REQUIRE(file >= 0 && CALL3(SYS_read, file, buffer, 32) > 0 && CALL1(SYS_close, file) == 0);
}
static void read_process_stat(void) {
    char name[40];
    sprintf(name, "/proc/%d/stat", own);
    read_start_of(name);
}
static void read_load(void) { read_start_of("/proc/loadavg"); }
static void read_system_stat(void) { read_start_of("/proc/stat"); }
static void read_memory(void) { read_start_of("/proc/meminfo"); }
static void ask_system(void) { REQUIRE(CALL1(SYS_sysinfo, buffer) == 0); }
static void list_some(void) {
    const int folder = (int)CALL3(SYS_open, "/proc", O_RDONLY | O_DIRECTORY, 0);
    REQUIRE(folder >= 0 && CALL3(SYS_getdents64, folder, buffer, 128) > 0 && CALL1(SYS_close, folder) == 0);
}
static void yield(void) { REQUIRE(CALL0(SYS_sched_yield) == 0); }
static void wait_for_nobody(void) { REQUIRE(CALL4(SYS_wait4, -1, NULL, WNOHANG, NULL) == 0); }
static void wait_for_own(void) { REQUIRE(CALL4(SYS_wait4, own, NULL, WNOHANG, NULL) == 0); }
static void become_reaper_and_leave(void) {
    if (CALL0(SYS_fork) == 0) CALL1(SYS_exit_group, 0);
}
static void fork_orphan(void) { fork_and_wait(become_reaper_and_leave); }
static void set_timer(void) {
    const struct itimerval later = {.it_value = {5000, 0}}, never = {0};
    REQUIRE(CALL3(SYS_setitimer, ITIMER_REAL, &later, NULL) == 0);
    REQUIRE(CALL3(SYS_setitimer, ITIMER_REAL, &never, NULL) == 0);
}
static void sleep_shortly(void) {
    const struct timespec moment = {0, 1000};
    REQUIRE(CALL2(SYS_nanosleep, &moment, NULL) == 0);
}

const struct Growth process_rows[] = {
    {"processes_fork", 32, NULL, make_cousins, fork_one, NULL, NULL},
    {"processes_kill_one", 32, NULL, make_cousins, ask_exists, NULL, NULL},
    {"processes_getpriority", 32, NULL, make_cousins, ask_priority, NULL, NULL},
    {"processes_read_stat", 32, NULL, make_cousins, read_process_stat, NULL, NULL},
    {"processes_loadavg", 32, NULL, make_cousins, read_load, NULL, NULL},
    {"processes_system_stat", 32, NULL, make_cousins, read_system_stat, NULL, NULL},
    {"processes_meminfo", 32, NULL, make_cousins, read_memory, NULL, NULL},
    {"processes_sysinfo", 32, NULL, make_cousins, ask_system, NULL, NULL},
    {"processes_list_some", 32, NULL, make_cousins, list_some, NULL, NULL},
    {"processes_yield", 32, NULL, make_cousins, yield, NULL, NULL},
    {"runnable_yield", 16, NULL, make_runnable, yield, NULL, kill_runnable},
    {"children_fork", 32, NULL, make_children, fork_one, NULL, NULL},
    {"children_wait_for_one", 32, NULL, make_children, wait_for_own, NULL, NULL},
    {"children_orphan", 32, NULL, make_children, fork_orphan, NULL, NULL},
    {"children_wait_for_any", 32, "each child is asked", make_children, wait_for_nobody, NULL, NULL},
    {"zombies_fork", 32, NULL, make_zombies, fork_one, NULL, NULL},
    {"users_fork_below_limit", 32, NULL, become_user_below_limit, fork_one, NULL, NULL},
    {"users_fork_at_limit", 32, NULL, become_user_at_limit, fork_refused, NULL, NULL},
    {"timers_setitimer", 64, NULL, make_timed, set_timer, NULL, NULL},
    {"timers_nanosleep", 64, NULL, make_timed, sleep_shortly, NULL, NULL},
    {NULL},
};
