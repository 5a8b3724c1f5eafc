// The initial registers of a thread: after execve, and in a child of clone.
#pragma once

#include <optional>

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

/// Sets the registers, segments and FPU of the calling task for a new program, as on Linux after execve.
void start_program(Task& task, u64 entry, u64 stack_pointer);

/// Copies the calling task's registers and FPU to the thread of `child`, with 0 as the result of the call.
/// `thread_pointer` (CLONE_SETTLS) becomes the FS base. `stack` becomes the stack pointer, unless it is 0.
/// Errors: Eperm (the thread pointer is not a user address), Enomem.
Result<> copy_user_state(Task& parent, Task& child, std::optional<u64> thread_pointer, u64 stack);

}  // namespace exo::posix_x
