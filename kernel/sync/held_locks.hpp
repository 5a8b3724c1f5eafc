// Which ranks the current context holds. Kept per thread for locks that sleep and for spin locks alike (a thread
// never switches while it holds a spin lock); the interrupt entry sets it aside and starts empty.
#pragma once

#include <atomic>

#include "arch/interface.hpp"
#include "sync/lock_rank.hpp"
#include "utils/assert.hpp"

namespace exo::sync {

/// The first base of every thread, so that this layer and the entry code need to know no more of threads.
struct ThreadHeader {
    /// Why the thread must leave the fast path: bits of scheduler::Work. At offset 0 for the entry code.
    std::atomic<u32> work{0};
    u64 held_ranks = 0;
    u32 spin_locks_held = 0;
    /// The last interrupt came while the thread was in user mode. Written by the interrupt entry.
    bool was_in_user_mode = false;
    /// The sanitizer has done long work of its own, which is no part of the kernel's: the preemption watchdog overlooks this stay.
    bool has_sanitizer_work = false;
};

/// The current thread's record, or one that is shared before threads exist.
ThreadHeader& thread_header();

enum class Nesting : u8 { Ordered, SameRankAllowed };

#if defined(EXO_DEBUG)
void note_acquired(LockRank rank, Nesting nesting);
void note_released(LockRank rank);
/// Sleeping is allowed here: no spin lock held, interrupts on.
void assert_may_sleep();
void assert_no_spin_locks();
#else
inline void note_acquired(LockRank, Nesting) {}
inline void note_released(LockRank) {}
inline void assert_may_sleep() {}
inline void assert_no_spin_locks() {}
#endif

}  // namespace exo::sync
