// The part of <stdio.h> that libc++'s headers need in a kernel: names only, nothing is defined.
#pragma once

#include <stddef.h>

#define EOF (-1)

extern "C" int remove(const char* path);  // its name is std::remove's too
