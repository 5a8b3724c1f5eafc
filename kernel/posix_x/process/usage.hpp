// What a running task has used so far.
#pragma once

#include "posix_x/process/task.hpp"

namespace exo::posix_x {

/// What the scheduler counted, divided into the program's time and the kernel's.
ResourceUsage to_usage(const scheduler::CpuUse& use);

/// Times, faults and switches of a task that has not ended.
ResourceUsage usage_of(Task& task);

}  // namespace exo::posix_x
