// Requests of a process that waits for its children (wait(2)).
#pragma once

#include "posix_x/process/pid.hpp"
#include "scheduler/wait_queue.hpp"
#include "utils/list.hpp"

namespace exo::posix_x {

enum class ChildSelection : u8 { Any, Pid, Group };

struct WaitRequest {
    ChildSelection selection = ChildSelection::Any;
    Pid id = 0;
    const class Process* process =
        nullptr;  ///< With Pid: the process of a pidfd. Null: any process with the number `id`.
    bool wants_exited = true;
    bool wants_stopped = false;
    bool wants_continued = false;
    bool is_nonblocking = false;
    bool leaves_it = false;    ///< WNOWAIT
    bool clones_only = false;  ///< __WCLONE
    bool all_kinds = false;    ///< __WALL
    bool own_only =
        false;  ///< __WNOTHREAD: only children of the calling task, not those of other tasks of its process.
};

/// A wait in progress, in the list of its process. Guarded by the tree's lock.
struct ChildWait {
    explicit ChildWait(const WaitRequest& request) : request(request) {}
    const WaitRequest& request;
    scheduler::WaitQueue changed;
    u64 round =
        0;  ///< The last round of wake_waits_for that woke it, or that began before the wait was in the list.
    ListNode link;
};

}  // namespace exo::posix_x
