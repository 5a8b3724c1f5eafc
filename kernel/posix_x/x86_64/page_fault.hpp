// Signals for page faults that vm could not resolve.
#pragma once

#include "arch/upcalls.hpp"
#include "posix_x/process/signals.hpp"

namespace exo::posix_x {

/// SIGSEGV, SIGBUS or, without memory, SIGKILL. For a fault that was not passed to vm: the signal for an
/// unmapped address.
SignalInfo page_fault_signal(u64 address, upcalls::FaultReason reason);

}  // namespace exo::posix_x
