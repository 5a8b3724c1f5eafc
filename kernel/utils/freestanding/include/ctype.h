// The part of <ctype.h> that libc++'s headers need in a kernel.
#pragma once
