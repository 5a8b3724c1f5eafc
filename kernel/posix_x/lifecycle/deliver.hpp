// Delivery of signals on the way to user mode.
#pragma once

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

/// The scheduler's return hook: signals (deliver_signals), then the restartable sequence that the thread may be in.
void return_to_program(arch::UserRegisters& registers);

/// Pending signals become handlers' frames, stops or the end of the process; interrupted
/// system calls are restarted or end with EINTR.
void deliver_signals(arch::UserRegisters& registers);

}  // namespace exo::posix_x
