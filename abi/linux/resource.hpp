// Linux getrusage(2), prlimit(2) (include/uapi/linux/resource.h), x86-64.
#pragma once

#include <cstdint>

#include "abi/linux/time.hpp"

namespace exo::abi {

struct rusage {
    timeval ru_utime;
    timeval ru_stime;
    std::int64_t ru_maxrss;  ///< KiB
    std::int64_t ru_ixrss;
    std::int64_t ru_idrss;
    std::int64_t ru_isrss;
    std::int64_t ru_minflt;
    std::int64_t ru_majflt;
    std::int64_t ru_nswap;
    std::int64_t ru_inblock;
    std::int64_t ru_oublock;
    std::int64_t ru_msgsnd;
    std::int64_t ru_msgrcv;
    std::int64_t ru_nsignals;
    std::int64_t ru_nvcsw;
    std::int64_t ru_nivcsw;
};
static_assert(sizeof(rusage) == 144);

enum class UsageOf : std::int32_t { Children = -1, Self = 0, Thread = 1 };

struct rlimit64 {
    std::uint64_t rlim_cur;
    std::uint64_t rlim_max;
};
static_assert(sizeof(rlimit64) == 16);

}  // namespace exo::abi
