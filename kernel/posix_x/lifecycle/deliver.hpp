// Delivery of signals on the way to user mode.
#pragma once

#include "posix_x/process/task.hpp"

namespace exo::posix_x {

/// The scheduler's return hook: pending signals become handlers' frames, stops or the end of the process; interrupted
/// system calls are restarted or end with EINTR.
void deliver_signals(arch::UserRegisters& registers);

}  // namespace exo::posix_x
