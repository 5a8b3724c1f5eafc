// The part of <math.h> that libc++'s headers need in a kernel.
#pragma once

