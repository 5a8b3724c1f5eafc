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

/// What is left to do after the parent of an ended process was sent its signal.
struct ToldParent {
    Ref<Process> parent;  ///< Null: the process has none.
    SentSignal sent;
    bool ignores_children = false;  ///< The parent does not wait for its children, so no zombie is left.
};
/// Sends SIGCHLD, or the child's exit_signal, to the parent of an ended process. The caller makes the process a
/// zombie, or gives the zombie to this parent, before it gives up the tree's lock: so a parent that reaps the
/// process finds the signal pending. LINUX: do_notify_parent.
ToldParent tell_parent_of_end(TreeState& tree, Process& process);
/// Wakes the parent's waits for the ended process, and the readers of the parent's signals. Call it after
/// tell_parent_of_end, once the tree's lock is given up.
void finish_telling_of_end(Process& process, const ToldParent& told);

/// Sends a signal to the whole process. `named` (may be null) is the first candidate to take it. The caller may
/// hold the tree's lock, and calls finish_sending when it holds none. Errors, in `result`: Eagain.
SentSignal begin_sending(Process& process, Task* named, const SignalInfo& info, Result<>& result);

}  // namespace exo::posix_x
