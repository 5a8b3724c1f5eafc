#include "sync/cpu_barrier.hpp"

#include <atomic>

#include "arch/interface.hpp"
#include "utils/assert.hpp"

namespace exo::sync {

namespace {

constinit std::atomic<u64> cpus_in_use{0};
constinit std::atomic<RemoteBarrierHook> remote_hook{nullptr};

}  // namespace

void set_remote_barrier_hook(RemoteBarrierHook hook) { remote_hook.store(hook, std::memory_order_release); }

void join_barriers() { cpus_in_use.fetch_or(1ULL << arch::cpu_index(), std::memory_order_seq_cst); }

void barrier_on_all_cpus(BarrierKind kind) {
    // The instructions that this CPU fetched are fetched anew by the return to user mode (IRET) or by the program's next jump, as the
    // CPU itself sees its own writes.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const u64 others = cpus_in_use.load(std::memory_order_seq_cst) & ~(1ULL << arch::cpu_index());
    if (others == 0) return;
    const RemoteBarrierHook hook = remote_hook.load(std::memory_order_acquire);
    ASSERT(hook != nullptr && "a second CPU runs threads, and nothing can interrupt it");
    hook(others, kind);
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

}  // namespace exo::sync
