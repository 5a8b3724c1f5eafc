// What a process waits for when it waits for children (wait(2)).
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
        nullptr;  ///< With Pid, the one that a pidfd names; null: whoever has the number.
    bool wants_exited = true;
    bool wants_stopped = false;
    bool wants_continued = false;
    bool is_nonblocking = false;
    bool leaves_it = false;    ///< WNOWAIT
    bool clones_only = false;  ///< __WCLONE
    bool all_kinds = false;    ///< __WALL
    bool own_only =
        false;  ///< __WNOTHREAD: those of the calling task, not of the other tasks of its process.
};

/// A wait in progress, in its process's list, under the tree's lock.
struct ChildWait {
    explicit ChildWait(const WaitRequest& request) : request(request) {}
    const WaitRequest& request;
    scheduler::WaitQueue changed;
    u64 round =
        0;  ///< The last round of telling all that it has been told in (wake_waits_for), or that began before it was there.
    ListNode link;
};

}  // namespace exo::posix_x
