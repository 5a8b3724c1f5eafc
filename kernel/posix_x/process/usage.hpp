// The CPU time and memory that tasks and processes have used.
#pragma once

#include "posix_x/process/process.hpp"

namespace exo::posix_x {

/// Converts the scheduler's counters to user time and system time.
ResourceUsage to_usage(const scheduler::CpuUse& use);

/// Times, faults and switches of the calling task, and the maximum memory of its process.
ResourceUsage usage_of_current_task();
/// Times, faults and switches of all tasks of a process, including ended ones; without the memory. May switch
/// to another thread.
ResourceUsage usage_of(Process& process);
/// The usage of the calling task's process, with its maximum memory.
ResourceUsage usage_of_current_process();

}  // namespace exo::posix_x
