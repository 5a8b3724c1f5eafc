// Tracing of system calls (`./exo trace`): what a traced task does is recorded where it happens, and sent to the host.
//
// A machine traces if it was started to (channel.hpp). Every process that init starts is traced from its first successful execve
// on, and so are all its threads and descendants; init itself is not. What a call reads from and writes to the program's memory is
// recorded by the copy itself (upcalls::user_copied), so what the host shows is what the kernel saw, whatever another thread does
// to the memory before or after.
//
// Key types: TaskTrace (task_trace.hpp: a task's records), RecordHeader (record.hpp: their layout).
// Neighbours: arch/x86_64 (the entry and the copies of a machine that traces), lifecycle and signal, which report what is no call.
#pragma once

#include "posix_x/process/process.hpp"
#include "posix_x/trace/task_trace.hpp"

namespace exo::posix_x::trace {

/// The child of a traced task is traced too, once `announce` is called. Errors: Enomem.
Result<> prepare_child(Task& parent, Task& child);
/// The child will run. Called before it does.
void announce_child(Task& parent, Task& child);

/// The calling task takes the signal: a handler runs, the process stops or ends, or nothing happens.
void report_signal(Task& task, const SignalInfo& info);
/// The calling task's process stops.
void report_stop(Task& task, Signal signal);
/// The calling task ends.
void report_end(Task& task, WaitStatus status);

/// Somebody sends a signal that the task ignores.
inline void note_ignored_signal(Task& task, const SignalInfo& info) {
    // acquire: pairs with the release in begin()
    if (TaskTrace* trace = task.trace.load(std::memory_order_acquire)) [[unlikely]]
        trace->note_ignored(info);
}

}  // namespace exo::posix_x::trace
