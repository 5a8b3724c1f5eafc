#include "sync/held_locks.hpp"

namespace exo::sync {

namespace {
constinit ThreadHeader boot_headers[arch::MAX_CPUS];
}

ThreadHeader& thread_header() {
    auto* header = static_cast<ThreadHeader*>(arch::current_thread());
    return header != nullptr ? *header : boot_headers[arch::cpu_index()];
}

#if defined(EXO_DEBUG)

namespace {
constexpr u64 bit(LockRank rank) { return 1ULL << static_cast<u32>(rank); }
}  // namespace

void note_acquired(LockRank rank, Nesting nesting) {
    ThreadHeader& header = thread_header();
    const u64 forbidden = nesting == Nesting::Ordered ? ~(bit(rank) - 1) : ~(bit(rank) | (bit(rank) - 1));
    ASSERT((header.held_ranks & forbidden) == 0 && "lock order: a lock of this or a higher rank is held");
    header.held_ranks |= bit(rank);
    if (rank >= LockRank::ProcessTree) ++header.spin_locks_held;
}

void note_released(LockRank rank) {
    ThreadHeader& header = thread_header();
    header.held_ranks &= ~bit(rank);
    if (rank >= LockRank::ProcessTree) --header.spin_locks_held;
}

void assert_no_spin_locks() {
    ASSERT(thread_header().spin_locks_held == 0 && "giving up the CPU with a spin lock held");
}

void assert_may_sleep() {
    assert_no_spin_locks();
    ASSERT(arch::interrupts_enabled() && "sleeping with interrupts off");
}

#endif

}  // namespace exo::sync
