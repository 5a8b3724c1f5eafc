// A leader that has ended before its threads is still among the tasks of its process, group and user for setpriority and getpriority.
#include "check.h"

#include <pthread.h>
#include <sys/resource.h>

static int told[2], answers[2];
static pid_t leader;

/// Field of /proc/PID/stat, from 3 on.
static long field_of_stat(pid_t pid, int wanted) {
    char path[64];
    sprintf(path, "/proc/%d/stat", pid);
    char* at = strrchr(content_of(path), ')') + 2;
    for (int field = 3; field < wanted; ++field) at = strchr(at, ' ') + 1;
    return *at == 'Z' ? 'Z' : atol(at);
}
static void* live_on(void* unused) {
    char byte;
    write(answers[1], "x", 1);
    read(told[0], &byte, 1);
    return unused;
}

int main(void) {
    const struct {
        int which, nice;
    } ways[] = {{PRIO_PROCESS, 3}, {PRIO_PGRP, 5}, {PRIO_USER, 7}};
    OK(pipe(told));
    OK(pipe(answers));
    pid_t child = fork();
    if (child == 0) {
        setpgid(0, 0);
        setresuid(1234, 1234, 1234);
        leader = getpid();
        pthread_t thread;
        pthread_create(&thread, NULL, live_on, NULL);
        syscall(SYS_exit, 0);
    }
    char byte;
    IS(1, read(answers[0], &byte, 1));
    for (int tries = 0; tries < 1000 && field_of_stat(child, 3) != 'Z'; ++tries) nap_ms(1);
    IS('Z', field_of_stat(child, 3));
    for (size_t i = 0; i < ARRAY_SIZE(ways); ++i) {
        int who = ways[i].which == PRIO_USER ? 1234 : child;
        OK(setpriority(ways[i].which, who, ways[i].nice));
        IS(ways[i].nice, field_of_stat(child, 19));
        IS(ways[i].nice, getpriority(PRIO_PROCESS, child));
        // The other thread had 0 until the group was asked.
        IS(i == 0 ? 0 : ways[i].nice, getpriority(PRIO_PGRP, child));
    }
    write(told[1], "x", 1);
    check_end(child, "exit 0");
    return done();
}
