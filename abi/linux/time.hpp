// Linux time structures (include/uapi/linux/time_types.h), x86-64.
#pragma once

#include <cstdint>

namespace exo::abi {

struct timespec {
    std::int64_t tv_sec;
    std::int64_t tv_nsec;
};
static_assert(sizeof(timespec) == 16);

}  // namespace exo::abi
