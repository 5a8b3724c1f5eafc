// The suite for several CPUs: one static program that runs as /init on Linux and on Exo-OS, and does each operation on all CPUs
// of the machine at once.
//
// On the console, one line each:
//   @@CPUS number                            of the CPUs that the program may use
//   @@OP name round operations nanoseconds   a round: what all CPUs did together, and how long it took; the n-th such line
//                                            is the n-th region of the counting plugin
//   @@FAIL name reason                       an operation does not do what it should: nothing after it is measured
//   @@DONE
//
// Each worker of an operation proves it before it is measured, and looks at every result while it is.
#pragma once

#include "../guest/program.h"

#include <stddef.h>
#include <stdint.h>

enum Kind {
    EACH,     // a process on each CPU
    THREADS,  // a thread of one process on each CPU
    PAIRS,    // two processes that answer each other, each on a CPU of its own where there are two
    WHOLE     // one process, which makes others, on any CPU
};

struct Operation {
    const char* name;
    enum Kind kind;
    long count;                   // operations of a worker in a round; of PAIRS, of a pair
    void (*set_up)(int workers);  // once, before the workers are made; may be null
    void (*prepare)(int worker);  // by each worker; may be null
    void (*prove)(int worker);    // does it once and looks at the result
    void (*run)(int worker, long count);
    void (*clean_up)(int worker);    // may be null
    void (*tear_down)(int workers);  // may be null
};

// The families; each ends with an operation without a name.
extern const struct Operation own_operations[], shared_operations[], pair_operations[], group_operations[],
    graph_operations[];

// What a process that was executed with `--job KIND NUMBER` does (graph.c).
int do_job(const char* kind, int number);

int cpu_count(void);

// What the operations on a file of one's own and on a file of all have in common (paths.c).
enum { BLOCK = 4096 };  // the size of these files
void stat_path(const char* path, long count);
void open_and_close_path(const char* path, long count);

enum { PAGE = 4096, MAX_WORKERS = 16 };
