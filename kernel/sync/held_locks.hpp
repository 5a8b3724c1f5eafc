// HeldLocks: the lock ranks that the current context holds. Each thread has one for sleeping locks and spin
// locks together, because a thread never switches while it holds a spin lock. The interrupt entry sets it
// aside and starts with an empty one.
#pragma once

#include <atomic>

#include "arch/interface.hpp"
#include "sync/lock_rank.hpp"
#include "utils/assert.hpp"

namespace exo::sync {

/// The first base class of every thread, so that this layer and the entry code need not know the class
/// Thread.
struct ThreadHeader {
    /// Why the thread must leave the fast path: bits of scheduler::Work. The entry code expects it at offset
    /// 0.
    std::atomic<u32> work{0};
    u64 held_ranks = 0;
    u32 spin_locks_held = 0;
    /// Whether the last interrupt came while the thread was in user mode. The interrupt entry writes it.
    bool was_in_user_mode = false;
    /// The sanitizer has done long work of its own, so the preemption watchdog ignores the present stay.
    bool has_sanitizer_work = false;
#if defined(EXO_DEBUG)
    /// memory/fault_injection.hpp: so many allocations on, one fails. Only the thread itself changes it.
    u32 failing_allocation = 0;
    bool has_failed_on_purpose = false;
#endif
};

/// The current thread's header. Before threads exist, a common one.
ThreadHeader& thread_header();

enum class Nesting : u8 { Ordered, SameRankAllowed };

#if defined(EXO_DEBUG)
void note_acquired(LockRank rank, Nesting nesting);
void note_released(LockRank rank);
/// Asserts that sleeping is allowed: no spin lock is held, and interrupts are on.
void assert_may_sleep();
void assert_no_spin_locks();
#else
inline void note_acquired(LockRank, Nesting) {}
inline void note_released(LockRank) {}
inline void assert_may_sleep() {}
inline void assert_no_spin_locks() {}
#endif

}  // namespace exo::sync
