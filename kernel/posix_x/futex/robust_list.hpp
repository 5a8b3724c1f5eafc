// What a thread leaves in its memory when it no longer runs in it: robust futexes whose owner has died, those with priority inheritance
// handed over, and a cleared thread id
// (get_robust_list(2), set_tid_address(2); Documentation/locking/robust-futex-ABI.rst).
#pragma once

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

/// What the task does when it no longer has its memory.
enum class AfterMemory : u8 { End, NewProgram };

/// Called by the task itself, at its end and before it switches to another address space. May sleep. Bad addresses end what they are part
/// of: they are the program's own loss.
void announce_end_in_memory(Task& task, AfterMemory next);

}  // namespace exo::posix_x
