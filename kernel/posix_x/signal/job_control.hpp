// Stopping and continuing processes, and notifying parents: the parts of job control that signals, exit and
// terminals share.
#pragma once

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

/// Reports that the process was continued: wakes its parent's waits and sends SIGCHLD.
void report_continued(Process& process);

/// Stops the calling task until SIGCONT, or until it must end. The last task of the process that stops
/// notifies the parent.
void stop_current();

/// Notifies the parent of a stopping process if all its live tasks have stopped. A task that ends calls it
/// too.
void report_stop_if_whole(Process& process);

/// A process lost its parent, or ended. If this made its group orphaned and a member is stopped, the group
/// gets SIGHUP and SIGCONT (POSIX, "orphaned process group"; Linux: kill_orphaned_pgrp).
struct LostTie {
    Pid group = 0;
    Pid session = 0;
    Pid parents_group = 0;
    Pid parents_session = 0;
    friend bool operator==(const LostTie&, const LostTie&) = default;
};
void signal_if_orphaned(const LostTie& tie);

/// Sends SIGCHLD, or the child's exit_signal, to the parent and wakes its waits. The caller holds no lock.
void notify_parent(Process& process, Signal signal, i32 code, i32 status);
/// Like notify_parent, for a process that may have left the tree: the caller names the parent.
void notify(Process& parent, Process& process, Signal signal, i32 code, i32 status);

}  // namespace exo::posix_x
