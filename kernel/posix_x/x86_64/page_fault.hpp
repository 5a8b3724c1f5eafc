// Page faults that vm could not resolve.
#pragma once

#include "posix_x/process/signals.hpp"

namespace exo::posix_x {

/// SIGSEGV, SIGBUS or, without memory, SIGKILL.
SignalInfo page_fault_signal(u64 address);

}  // namespace exo::posix_x
