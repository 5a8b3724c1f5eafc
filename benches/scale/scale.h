// The scale suite: one static program that runs as /init on Linux and on Exo-OS and counts what ONE operation costs beside
// n, 4n and 16n others (areas, mounts, names, processes, …), and beside none.
//
// Each row and each number is measured by a process of its own, the worker, whose end takes away what it made. The lines
// on the console are those of the guest suite (benches/guest/bench.h); the operation is called `row@number`.
#pragma once

#include "../guest/bench.h"

#include <sys/types.h>

struct Growth {
    const char* name;
    long n;  // the row is measured with 0, n, 4n and 16n
    // Why the operation may cost in proportion to n: it touches each of them by its nature. Null: it may not.
    const char* linear;
    void (*populate)(long count);  // makes `count` others
    void (*run)(void);             // does the one operation, and looks at its result
    void (*restore)(void);         // may be null: undoes it, uncounted
    void (*clean_up)(long count);  // may be null: what the worker's end leaves behind
};

// The families, each in a file of its own; each ends with a row without a name.
extern const struct Growth area_rows[], map_rows[], page_rows[], name_rows[], file_rows[], mount_rows[],
    process_rows[], group_rows[], signal_rows[], pipe_rows[], argument_rows[];

// ---- sleepers.c: processes that do nothing.

enum SleeperCall {
    JUST_PAUSE = 0,
    MAKE_SESSION = 112,  // SYS_setsid
    MAKE_GROUP = 109,    // SYS_setpgid, with two zeros as every call of a sleeper's
};
// A child that shares this program's memory and never touches it: it makes one call without arguments and pauses for good.
pid_t start_sleeper(enum SleeperCall first);
// One that repeats `number`(a, b, c) for ever.
pid_t start_repeating(long number, long a, long b, long c);
// `count` of either, in sleepers[]; they have gone to sleep when the call returns.
enum { MOST_SLEEPERS = 2048 };
extern pid_t sleepers[MOST_SLEEPERS];
extern long sleeper_count;
void start_sleepers(long count);
void start_cousins(long count);  // children of another process
void let_others_run(void);       // until they sleep
// fork, _exit in the child, wait: `action` (may be null) runs in the child.
void fork_and_wait(void (*action)(void));

// ---- files and names
void make_file(const char* name, long bytes);
void raise_limits(void);  // of open files, processes and queued signals
