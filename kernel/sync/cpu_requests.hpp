// CpuRequests: functions that one CPU makes other CPUs run at once, and whose end it waits for: flushes of translations,
// barriers, giving up a page table.
//
// A CPU serves requests in an interrupt handler, and in every loop that waits for another CPU, whose turns are
// arch::relax: a spin lock's, and that of run_on_cpus. So a CPU may wait for others while it holds any lock: a CPU that waits
// for the lock serves the request.
// tests/model/cpu_requests.pml checks that nobody waits for ever.
// Locking: none. A CPU makes one request at a time.
#pragma once

#include <atomic>

#include "arch/interface.hpp"
#include "sync/per_cpu.hpp"

namespace exo::sync {

/// Runs with interrupts off, perhaps in the middle of any code that has interrupts on or that waits for a spin lock. It takes no
/// lock and makes no request.
using RequestFunction = void (*)(const void* argument);

/// Makes the CPUs of `cpus`, which does not contain the calling one, run function(argument), and returns when all have.
/// The caller must not migrate meanwhile: it does not sleep. Not callable in handlers.
void run_on_cpus(u64 cpus, RequestFunction function, const void* argument);

namespace detail {
/// For each CPU: one bit for each CPU that has a request for it.
extern constinit PerCpu<std::atomic<u64>> mailboxes;
void serve_own_requests();
}  // namespace detail

/// Serves what other CPUs have asked of this one.
inline void serve_requests() {
    if (detail::mailboxes.mine().load(std::memory_order_relaxed) != 0) [[unlikely]]
        detail::serve_own_requests();
}

}  // namespace exo::sync
