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

// Ends the machine: an operation is wrong. `what` says what should have held; errno is added.
_Noreturn void fail(const char* what);
#define REQUIRE(condition) ((condition) ? (void)0 : fail(#condition))

// What a process that was executed with `--job KIND NUMBER` does (graph.c).
int do_job(const char* kind, int number);

int cpu_count(void);

// System calls without a library around them.
static inline long call(long number, long a, long b, long c, long d, long e, long f) {
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}
#define CALL6(n, a, b, c, d, e, f) call(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define CALL4(n, a, b, c, d) CALL6(n, a, b, c, d, 0, 0)
#define CALL3(n, a, b, c) CALL6(n, a, b, c, 0, 0, 0)
#define CALL2(n, a, b) CALL6(n, a, b, 0, 0, 0, 0)
#define CALL1(n, a) CALL6(n, a, 0, 0, 0, 0, 0)
#define CALL0(n) CALL6(n, 0, 0, 0, 0, 0, 0)

enum { PAGE = 4096, MAX_WORKERS = 16 };
