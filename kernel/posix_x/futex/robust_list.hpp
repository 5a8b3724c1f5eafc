// Writes what a thread leaves in its memory when it ends: it marks robust futexes as owner-died, passes locks
// with priority inheritance on, and clears the thread id (get_robust_list(2), set_tid_address(2);
// Documentation/locking/robust-futex-ABI.rst).
#pragma once

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

/// What the task does after it has given up its memory.
enum class AfterMemory : u8 { End, NewProgram };

/// The task itself calls it when it ends, and in execve before it switches to another address space. May
/// sleep. A bad address in the list ends the walk of that list; no error is reported.
void announce_end_in_memory(Task& task, AfterMemory next);

}  // namespace exo::posix_x
