#include "vm/commit.hpp"

#include <atomic>

#include "memory/physical/buddy_allocator.hpp"

namespace exo::vm {

namespace {
constinit std::atomic<u64> committed{0};
}

Result<> charge_commit(u64 pages) {
    // LINUX: mm/util.c, __vm_enough_memory
    const bool is_guessed = overcommit_policy.load(std::memory_order_relaxed) == OVERCOMMIT_GUESS;
    if (is_guessed && pages > memory::frames.total_frames()) return Error::Enomem;
    committed.fetch_add(pages, std::memory_order_relaxed);
    return {};
}

void uncharge_commit(u64 pages) { committed.fetch_sub(pages, std::memory_order_relaxed); }

u64 committed_pages() { return committed.load(std::memory_order_relaxed); }

}  // namespace exo::vm
