// The end of a task.
#pragma once

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

/// Ends the calling task for exit_group(2) or a fatal signal: releases all that it holds, makes the process a
/// zombie, and tells the parent. Does not return.
[[noreturn]] void exit_current_task(WaitStatus status);

}  // namespace exo::posix_x
