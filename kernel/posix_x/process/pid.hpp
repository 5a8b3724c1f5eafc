// Process ids, as the whole personality counts them.
#pragma once

#include "utils/types.hpp"

namespace exo::posix_x {

using Pid = i32;

inline constexpr Pid FIRST_PID = 1;
inline constexpr Pid MAX_PID = 32768;  ///< As /proc/sys/kernel/pid_max; pids stay below.

}  // namespace exo::posix_x
