// Stopping and going on, and who is told: the parts of job control that signals, exit and terminals share.
#pragma once

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

/// The process was continued: its parent's wait sees it, and gets SIGCHLD.
void report_continued(Process& process);

/// The process is stopping: the calling task waits until SIGCONT, or until it must end. The last task that stops tells the parent.
void stop_current();

/// Tells the parent of a process that is stopping, once all its live tasks have stopped. A task that ends calls it, too.
void report_stop_if_whole(Process& process);

/// A process lost `old_parent`, or ended itself: if only that tie kept its group from being orphaned, and a member is
/// stopped, the group gets SIGHUP and SIGCONT (POSIX, "orphaned process group"; Linux: kill_orphaned_pgrp).
struct LostTie {
    Pid group = 0;
    Pid session = 0;
    Pid parents_group = 0;
    Pid parents_session = 0;
    friend bool operator==(const LostTie&, const LostTie&) = default;
};
void signal_if_orphaned(const LostTie& tie);

/// SIGCHLD, or what the child's exit_signal is, to the parent, and its waiters wake. Under no lock.
void notify_parent(Process& process, Signal signal, i32 code, i32 status);
/// Notifies the process that was the parent when `process` was still in the tree, as notify_parent does.
void notify(Process& parent, Process& process, Signal signal, i32 code, i32 status);

}  // namespace exo::posix_x
