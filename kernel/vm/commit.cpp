#include "vm/commit.hpp"

#include <atomic>

#include "memory/physical/buddy_allocator.hpp"
#include "sync/cpu_sum.hpp"

namespace exo::vm {

namespace {
constinit sync::CpuSum committed;
}

Result<> charge_commit(u64 pages) {
    // LINUX: mm/util.c, __vm_enough_memory
    const bool is_guessed = overcommit_policy.load(std::memory_order_relaxed) == OVERCOMMIT_GUESS;
    if (is_guessed && pages > memory::frames.total_frames()) return Error::Enomem;
    committed.add(static_cast<i64>(pages));
    return {};
}

void uncharge_commit(u64 pages) { committed.add(-static_cast<i64>(pages)); }

u64 committed_pages() {
    const i64 pages = committed.get();
    return pages > 0 ? static_cast<u64>(pages) : 0;
}

}  // namespace exo::vm
