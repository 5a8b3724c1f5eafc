// Stopping and going on, and who is told: the parts of job control that signals, exit and terminals share.
#pragma once

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

/// The process was continued: its parent's wait sees it, and gets SIGCHLD.
void report_continued(Process& process);

/// The calling task's process stops with `signal` until SIGCONT or SIGKILL. Its parent is told.
void stop_current(Signal signal);

/// After `process` left the tree or its parent changed: groups that became orphaned with a stopped member get SIGHUP
/// and SIGCONT (POSIX, "orphaned process group").
void signal_orphaned_groups(Pid group, Pid session);

/// SIGCHLD, or what the child's exit_signal is, to the parent, and its waiters wake. Under no lock.
void notify_parent(Process& process, Signal signal, i32 code, i32 status);

}  // namespace exo::posix_x
