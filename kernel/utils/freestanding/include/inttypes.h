// The part of <inttypes.h> that libc++'s headers need in a kernel.
#pragma once

#include <stdint.h>
