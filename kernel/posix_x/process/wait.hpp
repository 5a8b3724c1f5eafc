// Waiting for children: the common part of wait4 and waitid (wait(2)).
#pragma once

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

struct WaitResult {
    Pid pid = 0;  ///< 0: nothing has changed (WNOHANG).
    u32 uid = 0;
    WaitStatus status;
    ResourceUsage usage;
};

/// Whether `child`, of the process of `task`, counts as a child of that very task: it has made it, or whoever did has ended and `task`
/// is the oldest task by now.
bool is_child_of(const TreeState& tree, const Process& child, Task& task);

/// Errors: Echild, RestartSys.
Result<WaitResult> wait_for_child(const WaitRequest& request);

/// Wakes who waits in `parent` for `child`. LINUX: nobody else, even if no child is left that could be waited for
/// (child_wait_callback). Under no lock.
void wake_waits_for(Process& parent, const Process& child);

}  // namespace exo::posix_x
