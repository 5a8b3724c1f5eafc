// The part of <wchar.h> that libc++'s headers need in a kernel.
#pragma once

#include <bits/types/mbstate_t.h>
