// sigtimedwait: taking a signal without a handler.
#pragma once

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

/// Takes the next pending signal of `wanted`. Errors: Eagain (the deadline passed), Eintr (another signal came).
Result<SignalInfo> wait_for_signal(Task& task, SignalSet wanted, time::Deadline deadline);

}  // namespace exo::posix_x
