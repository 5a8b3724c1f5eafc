// Page faults that vm could not resolve.
#pragma once

#include "arch/upcalls.hpp"
#include "posix_x/process/signals.hpp"

namespace exo::posix_x {

/// SIGSEGV, SIGBUS or, without memory, SIGKILL. Of a fault that vm was not asked about, as if nothing were mapped there.
SignalInfo page_fault_signal(u64 address, upcalls::FaultReason reason);

}  // namespace exo::posix_x
