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

/// sched_setattr(2).
enum class SchedulingAttributeFlags : std::uint64_t {
    None = 0,
    ResetOnFork = 1,
    Reclaim = 2,
    DeadlineOverrun = 4,
    KeepPolicy = 8,
    KeepParameters = 16,
    UtilizationMin = 32,
    UtilizationMax = 64,
};
template <> inline constexpr bool IS_FLAG_ENUM<SchedulingAttributeFlags> = true;

struct sched_attr {
    std::uint32_t size;
    std::uint32_t sched_policy;
    std::uint64_t sched_flags;
    std::int32_t sched_nice;
    std::uint32_t sched_priority;
    std::uint64_t sched_runtime;
    std::uint64_t sched_deadline;
    std::uint64_t sched_period;
    std::uint32_t sched_util_min;  ///< From here on: Linux 5.3.
    std::uint32_t sched_util_max;
};
static_assert(sizeof(sched_attr) == 56);
inline constexpr std::uint32_t SCHED_ATTR_SHORTEST = 48;

/// Whose nice value.
enum class PriorityOf : std::int32_t { Process = 0, Group = 1, User = 2 };

}  // namespace exo::abi
