// The part of <locale.h> that libc++'s headers need in a kernel.
#pragma once
