// sigtimedwait: takes a signal without running a handler.
#pragma once

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

/// Waits for a signal of `wanted` and takes it. Errors: Eagain (the deadline passed), Eintr (another signal
/// came).
Result<SignalInfo> wait_for_signal(Task& task, SignalSet wanted, time::Deadline deadline);

}  // namespace exo::posix_x
