// Which ranks the current context holds. Kept per thread for locks that sleep and for spin locks alike (a thread
// never switches while it holds a spin lock); the interrupt entry sets it aside and starts empty.
#pragma once

#include "arch/interface.hpp"
#include "sync/lock_rank.hpp"
#include "utils/assert.hpp"

namespace exo::sync {

/// The first member of every thread, so that this layer needs to know no more of threads.
struct ThreadHeader {
    u64 held_ranks = 0;
    u32 spin_locks_held = 0;
};

/// The current thread's record, or one that is shared before threads exist.
ThreadHeader& thread_header();

enum class Nesting : u8 { Ordered, SameRankAllowed };

#if defined(EXO_DEBUG)
void note_acquired(LockRank rank, Nesting nesting);
void note_released(LockRank rank);
/// Sleeping is allowed here: no spin lock held, interrupts on.
void assert_may_sleep();
#else
inline void note_acquired(LockRank, Nesting) {}
inline void note_released(LockRank) {}
inline void assert_may_sleep() {}
#endif

}  // namespace exo::sync
