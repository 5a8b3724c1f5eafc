// Tracing of system calls (`./exo trace`): the kernel records what a traced task does and sends the records
// to the host.
//
// A machine traces if its command line says so (channel.hpp). Every process that init starts is traced from
// its first successful execve on, with all its threads and descendants; init itself is not. The copy
// functions themselves record what a call reads from and writes to the program's memory
// (upcalls::user_copied). So the host sees exactly what the kernel saw, whatever other threads do to that
// memory.
//
// Key types: TaskTrace (task_trace.hpp: a task's records), RecordHeader (record.hpp: their layout).
// Neighbours: arch/x86_64 (the traced entry and copies), lifecycle and signal, which report events that are
// not calls.
#pragma once

#include "posix_x/process/process.hpp"
#include "posix_x/trace/task_trace.hpp"

namespace exo::posix_x::trace {

/// Prepares tracing of the child of a traced task. It begins with `announce_child`. Errors: Enomem.
Result<> prepare_child(Task& parent, Task& child);
/// Starts tracing the child. Called before the child runs.
void announce_child(Task& parent, Task& child);

/// Records that the calling task takes a signal, whatever its effect.
void report_signal(Task& task, const SignalInfo& info);
/// Records that the calling task's process stops.
void report_stop(Task& task, Signal signal);
/// Records that the calling task ends.
void report_end(Task& task, WaitStatus status);

/// Notes that a signal was sent to a task that ignores it.
inline void note_ignored_signal(Task& task, const SignalInfo& info) {
    // acquire: pairs with the release in begin()
    if (TaskTrace* trace = task.trace.load(std::memory_order_acquire)) [[unlikely]]
        trace->note_ignored(info);
}

}  // namespace exo::posix_x::trace
