// Priorities, policies and CPUs as programs see them.
#pragma once

#include "utils/result.hpp"

namespace exo::posix_x {

/// CPUs that run programs. Further ones are not started yet.
inline constexpr u32 ONLINE_CPUS = 1;

/// A part of register_timer_calls.
Result<> register_scheduling_calls();

}  // namespace exo::posix_x
