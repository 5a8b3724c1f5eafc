// The part of <errno.h> that libc++'s headers need in a kernel.
#pragma once
