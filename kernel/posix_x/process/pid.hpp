// Process ids.
#pragma once

#include <atomic>

#include "utils/types.hpp"

namespace exo::posix_x {

using Pid = i32;

inline constexpr Pid FIRST_PID = 1;
inline constexpr Pid MAX_PID = 32768;  ///< The largest value of /proc/sys/kernel/pid_max.
/// /proc/sys/kernel/pid_max: new pids are smaller.
inline constinit std::atomic<u64> pid_max{MAX_PID};
inline constexpr Pid FIRST_PID_AFTER_WRAP = 300;

}  // namespace exo::posix_x
