// Linux scheduling: sched_setscheduler(2), setpriority(2) (include/uapi/linux/sched.h, resource.h).
#pragma once

#include <cstdint>

#include "abi/linux/flag_enum.hpp"

namespace exo::abi {

enum class SchedulingPolicy : std::uint32_t {
    Other = 0,
    Fifo = 1,
    RoundRobin = 2,
    Batch = 3,
    Idle = 5,
    Deadline = 6,
};

/// In the same word as the policy.
enum class SchedulingFlags : std::uint32_t { None = 0, ResetOnFork = 0x40000000 };
template <> inline constexpr bool IS_FLAG_ENUM<SchedulingFlags> = true;

struct sched_param {
    std::int32_t sched_priority;
};

/// Whose nice value.
enum class PriorityOf : std::int32_t { Process = 0, Group = 1, User = 2 };

}  // namespace exo::abi
