// The part of <math.h> that libc++'s headers need in a kernel: the classes of numbers, no function.
#pragma once

#define FP_NAN 0
#define FP_INFINITE 1
#define FP_ZERO 2
#define FP_SUBNORMAL 3
#define FP_NORMAL 4
