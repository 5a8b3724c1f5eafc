// Converts between the kernel's scheduling values and those of programs.
#pragma once

#include <bit>

#include "posix_x/process/task.hpp"
#include "scheduler/scheduler.hpp"

namespace exo::posix_x {

/// The number of CPUs that run programs.
inline u32 online_cpus() { return static_cast<u32>(std::popcount(scheduler::SCHEDULER.cpus())); }

/// The urgency of a task that inherits no priority. LINUX: normal_prio.
scheduler::Urgency urgency_of(const Scheduling& scheduling);
/// Of a policy that is not realtime: the one that a thread with an inherited realtime urgency has. LINUX: it has no time slice then.
scheduler::RealtimePolicy realtime_policy_of(const Scheduling& scheduling);

}  // namespace exo::posix_x
