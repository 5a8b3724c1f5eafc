// The part of <assert.h> that libc++'s headers need in a kernel.
#pragma once
