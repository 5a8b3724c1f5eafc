// Memory barriers on all CPUs at the request of one (membarrier(2)).
//
// A hook of the interrupt code reaches the other CPUs. With one CPU it is never called.
#pragma once

#include "utils/types.hpp"

namespace exo::sync {

enum class BarrierKind : u8 {
    Memory,                ///< Writes before the barrier are visible after it.
    Core,                  ///< Also, instructions that were fetched before it are fetched again.
    RestartableSequences,  ///< Also, the running thread leaves its critical section (rseq(2)).
};

/// Makes the CPUs of `cpu_mask`, which never contains the caller's, pass a barrier of this kind, and returns
/// when all have.
using RemoteBarrierHook = void (*)(u64 cpu_mask, BarrierKind kind);
void set_remote_barrier_hook(RemoteBarrierHook hook);

/// Records that this CPU runs threads from now on. Called at most once on each CPU.
void join_barriers();

/// Returns when every CPU that runs threads has passed a barrier since the call began. The caller's CPU
/// passes one before and one after the others.
void barrier_on_all_cpus(BarrierKind kind);

}  // namespace exo::sync
