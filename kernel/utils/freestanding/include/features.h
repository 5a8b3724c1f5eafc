// The part of <features.h> that libc++'s headers need in a kernel.
#pragma once
