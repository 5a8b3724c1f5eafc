// Priorities, policies and CPUs as programs see them.
#pragma once

#include "posix_x/process/task.hpp"

namespace exo::posix_x {

/// CPUs that run programs. Further ones are not started yet.
inline constexpr u32 ONLINE_CPUS = 1;

/// How urgent a task is that inherits nothing. LINUX: normal_prio.
scheduler::Urgency urgency_of(const Scheduling& scheduling);

}  // namespace exo::posix_x
