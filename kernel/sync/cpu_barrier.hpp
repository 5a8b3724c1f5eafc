// A barrier on all CPUs, which one of them asks for (membarrier(2)).
//
// Other CPUs are reached through a hook that the interrupt code registers; with one CPU it is never called.
#pragma once

#include "utils/types.hpp"

namespace exo::sync {

enum class BarrierKind : u8 {
    Memory,                ///< What was written before it is seen after it.
    Core,                  ///< In addition, instructions that were fetched before it are fetched anew.
    RestartableSequences,  ///< In addition, the running thread leaves its critical section (rseq(2)).
};

/// Makes the CPUs of `cpu_mask` (never the caller's) pass a barrier of this kind, and returns when all have.
using RemoteBarrierHook = void (*)(u64 cpu_mask, BarrierKind kind);
void set_remote_barrier_hook(RemoteBarrierHook hook);

/// Notes that this CPU runs threads from now on. At most once for each CPU.
void join_barriers();

/// Returns when every CPU that runs threads has passed a barrier after the call began. The caller's CPU passes one before and one after.
void barrier_on_all_cpus(BarrierKind kind);

}  // namespace exo::sync
