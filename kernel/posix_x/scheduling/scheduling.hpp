// Converts between the kernel's scheduling values and those of programs.
#pragma once

#include "posix_x/process/task.hpp"

namespace exo::posix_x {

/// The number of CPUs that run programs. The kernel does not start further ones yet.
inline constexpr u32 ONLINE_CPUS = 1;

/// The urgency of a task that inherits no priority. LINUX: normal_prio.
scheduler::Urgency urgency_of(const Scheduling& scheduling);

}  // namespace exo::posix_x
