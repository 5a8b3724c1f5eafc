// The part of <time.h> that libc++'s headers need in a kernel.
#pragma once

#include <stddef.h>

using time_t = long;
using clock_t = long;
struct timespec {
    time_t tv_sec;
    long tv_nsec;
};
struct tm;
