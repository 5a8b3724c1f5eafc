// The guest suite: one static program that runs as /init on Linux and on Exo-OS and counts, for each operation, the
// instructions that the machine executes (under QEMU's -icount shift=0 the time-stamp counter is that count).
//
// On the console, one line each:
//   @@OP name round count instructions   a measured round: `count` operations; the n-th such line is the n-th region
//   @@OVERHEAD name instructions         of these, what each operation spends on work of the program's own that is not
//                                        measured (lat_ctx of lmbench leaves the walk over the working set out, too)
//   @@NONE name reason                   the kernel does not have this operation
//   @@FAIL name reason                   the operation does not do what it should: nothing after it is measured
//   @@DONE
//
// An operation is proved before it is measured: a call that answers ENOSYS looks fast.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum Proof { PROVED, NOT_SUPPORTED };

struct Operation {
    const char* name;
    long count;             // operations a round, enough to make what surrounds them small
    void (*prepare)(void);  // may be null
    enum Proof (*prove)(
        void);  // does it once and looks at the result; ends the run by fail() if that is wrong
    void (*run)(long count);
    void (*clean_up)(void);  // may be null
    void (*overhead)(void);  // may be null: what one operation does besides the thing that is measured
};

// The families, each in a file of its own; each ends with an operation without a name.
extern const struct Operation call_operations[], pipe_operations[], file_operations[], name_operations[],
    memory_operations[], signal_operations[], ready_operations[], switch_operations[], process_operations[],
    thread_operations[], socket_operations[];

// Ends the run: this operation is wrong. `what` says what should have held; errno is added.
_Noreturn void fail(const char* what);
#define REQUIRE(condition) ((condition) ? (void)0 : fail(#condition))
// For prove(): the kernel lacks the operation if errno says so, and is wrong otherwise.
enum Proof lacking(const char* what);

// System calls without a library around them, so that only the kernel is measured.
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

// Three threads beside the one that measures, which sleep: what then costs more than in a process of one thread?
void start_idle_threads(void);
void stop_idle_threads(void);

enum { PAGE = 4096, KIB = 1024, MIB = 1024 * 1024 };
extern char buffer[MIB];  // for whoever needs one
