// The way of records to the host: one thread of the kernel that takes them from the traced tasks and writes them to the virtio
// port "exo.trace".
//
// A machine traces if its command line has the word `exo.trace`; `./exo trace` starts such machines. Tracing is over when the host
// closes the port, or has not opened one in time: tasks go on untraced, and nobody waits.
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
/// A port has turned up. If it is the one to write to, the thread uses it.
void port_found(drivers::Port& port);

/// Waits until the host has said what it wants. False: tracing is over, or the calling task is to die.
bool wait_until_ready();
/// Nothing is recorded any more.
bool is_over();
/// What the host wants, once it is known.
const Settings& settings();
/// Bytes of each buffer to record.
usize capture_size();

u64 next_sequence();
/// The task has records to send. Under any lock below TraceQueue.
void enqueue(TaskTrace& task);
/// Waits, a second at most, until the host has taken all records so far.
void drain();

}  // namespace exo::posix_x::trace
