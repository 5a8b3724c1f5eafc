// StackPlaces: the addresses on a program's first stack that /proc reports.
#pragma once

#include "utils/types.hpp"

namespace exo::posix_x {

struct StackPlaces {
    u64 stack_pointer = 0;
    u64 arguments_start = 0;  ///< For /proc/PID/cmdline and environ.
    u64 arguments_end = 0;
    u64 environment_start = 0;
    u64 environment_end = 0;
};

}  // namespace exo::posix_x
