// Waiting for children: the common part of wait4 and waitid (wait(2)).
#pragma once

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

struct WaitResult {
    Pid pid = 0;  ///< 0: no child had changed its state (WNOHANG).
    u32 uid = 0;
    WaitStatus status;
    ResourceUsage usage;
};

/// Whether `child`, a child of the process of `task`, counts as a child of that task itself: the task made
/// it, or the task that made it has ended and `task` is the oldest.
bool is_child_of(const TreeState& tree, const Process& child, Task& task);

/// Waits for a child to change its state. Errors: Echild, RestartSys.
Result<WaitResult> wait_for_child(const WaitRequest& request);

/// Wakes the waits in `parent` that `child` may end. The caller holds no lock. LINUX: no other wait is woken,
/// even if no child is left to wait for (child_wait_callback).
void wake_waits_for(Process& parent, const Process& child);

}  // namespace exo::posix_x
