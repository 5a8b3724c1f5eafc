// One operation beside n process groups or sessions, and on a group of n processes.
#include "scale.h"

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t own;

static void make_members(long count) {
    start_sleepers(count);
    own = start_sleeper(JUST_PAUSE);
    REQUIRE(CALL2(SYS_setpgid, own, own) == 0);
    let_others_run();
}
static void make_each(long count, enum SleeperCall what) {
    for (long i = 0; i < count; ++i) start_sleeper(what);
    own = start_sleeper(JUST_PAUSE);
    REQUIRE(CALL2(SYS_setpgid, own, own) == 0);
    let_others_run();
}
static void make_groups(long count) { make_each(count, MAKE_GROUP); }
static void make_sessions(long count) { make_each(count, MAKE_SESSION); }

static void change_group(void) {
    REQUIRE(CALL2(SYS_setpgid, own, getpgrp()) == 0 && CALL2(SYS_setpgid, own, own) == 0);
}
static void ask_group(void) { REQUIRE(CALL1(SYS_getpgid, own) == own); }
static void signal_group(void) { REQUIRE(CALL2(SYS_kill, -own, 0) == 0); }
static void signal_all(void) { REQUIRE(CALL2(SYS_kill, 0, 0) == 0); }
static void lead(void) {
    if (CALL0(SYS_setsid) < 0) CALL1(SYS_exit_group, 1);
}
static void fork_leader(void) { fork_and_wait(lead); }
static void fork_one(void) { fork_and_wait(NULL); }
static void wait_for_group(void) { REQUIRE(CALL4(SYS_wait4, -own, NULL, WNOHANG, NULL) == 0); }
static void stop_and_continue(void) {
    int status;
    REQUIRE(CALL2(SYS_kill, own, SIGSTOP) == 0 && CALL4(SYS_wait4, own, &status, WUNTRACED, NULL) == own);
    REQUIRE(CALL2(SYS_kill, own, SIGCONT) == 0);
}

const struct Growth group_rows[] = {
    {"groups_setpgid", 32, NULL, make_groups, change_group, NULL, NULL},
    {"groups_getpgid", 32, NULL, make_groups, ask_group, NULL, NULL},
    {"groups_kill", 32, NULL, make_groups, signal_group, NULL, NULL},
    {"groups_setsid", 32, NULL, make_groups, fork_leader, NULL, NULL},
    {"groups_fork", 32, NULL, make_groups, fork_one, NULL, NULL},
    {"sessions_setsid", 32, NULL, make_sessions, fork_leader, NULL, NULL},
    {"sessions_kill_group", 32, NULL, make_sessions, signal_group, NULL, NULL},
    {"groups_wait", 32, "each child is asked", make_groups, wait_for_group, NULL, NULL},
    {"members_setpgid", 32, NULL, make_members, change_group, NULL, NULL},
    {"members_fork", 32, NULL, make_members, fork_one, NULL, NULL},
    {"members_stop_one", 32, NULL, make_members, stop_and_continue, let_others_run, NULL},
    {"members_kill_all", 32, "each member gets the signal", make_members, signal_all, NULL, NULL},
    {NULL},
};
