// The part of <stdlib.h> that libc++'s headers need in a kernel.
#pragma once

#include <stddef.h>

extern "C" {
[[noreturn]] void abort();
}
struct div_t {
    int quot, rem;
};
struct ldiv_t {
    long quot, rem;
};
struct lldiv_t {
    long long quot, rem;
};
// Declared because libc++'s overloads name them; not defined, for nothing calls them.
extern "C" {
ldiv_t ldiv(long, long);
lldiv_t lldiv(long long, long long);
}
