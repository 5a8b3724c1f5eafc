// The part of <bits/types/mbstate_t.h> that libc++'s headers need in a kernel.
#pragma once

struct mbstate_t {
    int unused;
};
