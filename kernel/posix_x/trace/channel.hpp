// The channel that sends records to the host. A kernel thread takes the records of all traced tasks and
// writes them to the virtio port "exo.trace".
//
// A machine traces if its command line has the word `exo.trace`; `./exo trace` starts such machines. Tracing
// ends when the host closes the port, or has not opened one in time. Tasks then continue untraced, and
// nothing waits for the host.
#pragma once

#include "boot/command_line.hpp"
#include "drivers/virtio/port.hpp"
#include "posix_x/trace/record.hpp"
#include "posix_x/trace/task_trace.hpp"

namespace exo::posix_x::trace {

inline constexpr std::string_view COMMAND_LINE_WORD = "exo.trace";
inline constexpr std::string_view PORT_NAME = "exo.trace";

/// Starts the thread if the command line asks for it. Errors: Enomem.
Result<> start(const boot::CommandLine& command_line);
/// Called for each new port. If the port has the right name, the thread uses it.
void port_found(drivers::Port& port);

/// Waits until the host has sent its settings. Returns false if tracing has ended, or if the calling task is
/// being killed.
bool wait_until_ready();
/// Whether tracing has ended, so that nothing is recorded any more.
bool is_over();
/// The host's settings. Valid once they have arrived.
const Settings& settings();
/// How many bytes of each buffer are recorded.
usize capture_size();

u64 next_sequence();
/// Records that the task has records to send. Callable under any lock that ranks before TraceQueue.
void enqueue(TaskTrace& task);
/// Waits, at most a second, until the host has taken all records so far.
void drain();

}  // namespace exo::posix_x::trace
