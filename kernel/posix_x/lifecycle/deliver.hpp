// Delivery of signals on the way to user mode.
#pragma once

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

/// The scheduler's return hook. It delivers signals (deliver_signals) and then handles the restartable
/// sequence that the thread may be in.
void return_to_program(arch::UserRegisters& registers);

/// Delivers pending signals: each one starts a handler, stops the process or ends it. An interrupted system
/// call is restarted, or returns EINTR.
void deliver_signals(arch::UserRegisters& registers);

}  // namespace exo::posix_x
