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

#include "program.h"

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

// For prove(): the kernel lacks the operation if errno says so, and is wrong otherwise.
enum Proof lacking(const char* what);

// Three threads beside the one that measures, which sleep: what then costs more than in a process of one thread?
void start_idle_threads(void);
void stop_idle_threads(void);

enum { PAGE = 4096, KIB = 1024, MIB = 1024 * 1024 };
extern char buffer[MIB];  // for whoever needs one
