// What the processor holds for a thread when its program begins: after execve, and in a child of clone.
#pragma once

#include <optional>

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

/// The calling task begins a new program: registers, segments and FPU are as on Linux after execve.
void start_program(Task& task, u64 entry, u64 stack_pointer);

/// Gives the thread of `child` a user side: the registers and the FPU of the calling task as they are now, with 0 as the call's result.
/// `thread_pointer` (CLONE_SETTLS) becomes the FS base, `stack`, unless it is 0, the stack pointer.
/// Errors: Eperm (the thread pointer is no address of a program's), Enomem.
Result<> copy_user_state(Task& parent, Task& child, std::optional<u64> thread_pointer, u64 stack);

}  // namespace exo::posix_x
