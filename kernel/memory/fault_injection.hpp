// Allocations that fail on purpose, in debug kernels: a thread that writes N to /proc/thread-self/fail-nth lets the N-th allocation
// that the kernel makes for it from then on fail (Linux's Documentation/fault-injection/fault-injection.rst has the same file).
//
// Tests make a call with the first allocation failing, then the second, and so on: each time the call must succeed or say that there
// is no memory, and leave nothing behind (tests/kernel/programs/failures.c).
#pragma once

#include "sync/held_locks.hpp"

namespace exo::memory {

#if defined(EXO_DEBUG)
/// Counts one allocation of the current thread. True: this one is to fail.
bool fails_on_purpose();
/// The allocation of the current thread that is to fail, counted from now; 0: none. A failure sets it to 0.
u32 failing_allocation();
void set_failing_allocation(u32 number);
/// Whether an allocation of the current thread has failed on purpose since this was last asked. A page fault asks, and tries again
/// instead of ending a process for want of memory.
bool take_failure_on_purpose();
#else
inline bool fails_on_purpose() { return false; }
inline bool take_failure_on_purpose() { return false; }
#endif

}  // namespace exo::memory
