// The end of a task.
#pragma once

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

/// exit_group(2), or the calling task's death by a signal: gives back everything it holds, makes the process a zombie,
/// tells the parent. Does not return.
[[noreturn]] void exit_current_task(WaitStatus status);

}  // namespace exo::posix_x
