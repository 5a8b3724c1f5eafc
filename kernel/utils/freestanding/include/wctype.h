// The part of <wctype.h> that libc++'s headers need in a kernel.
#pragma once
