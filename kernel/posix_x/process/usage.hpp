// What tasks and processes have used so far.
#pragma once

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

/// What the scheduler counted, divided into the program's time and the kernel's.
ResourceUsage to_usage(const scheduler::CpuUse& use);

/// Times, faults and switches of the calling task, and the most memory that its process has had.
ResourceUsage usage_of_current_task();
/// Of all tasks of a process, those that have ended included. Without the memory. May switch to another thread.
ResourceUsage usage_of(Process& process);
/// Of the calling task's process, with the most memory that it has had.
ResourceUsage usage_of_current_process();

}  // namespace exo::posix_x
