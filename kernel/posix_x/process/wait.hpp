// Waiting for children: the common part of wait4 and waitid (wait(2)).
#pragma once

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

enum class ChildSelection : u8 { Any, Pid, Group };

struct WaitRequest {
    ChildSelection selection = ChildSelection::Any;
    Pid id = 0;
    bool wants_exited = true;
    bool wants_stopped = false;
    bool wants_continued = false;
    bool is_nonblocking = false;
    bool leaves_it = false;    ///< WNOWAIT
    bool clones_only = false;  ///< __WCLONE
    bool all_kinds = false;    ///< __WALL
};

struct WaitResult {
    Pid pid = 0;  ///< 0: nothing has changed (WNOHANG).
    u32 uid = 0;
    WaitStatus status;
    ResourceUsage usage;
};

/// Errors: Echild, RestartSys.
Result<WaitResult> wait_for_child(const WaitRequest& request);

}  // namespace exo::posix_x
