// Clears and copies whole pages, as fast as possible without vector registers. Inline, and the same for both
// machines.
#pragma once

#include "utils/kasan.hpp"

namespace exo::arch {

/// Zeroes `count` words of eight bytes.
inline void clear_words(void* words, usize count) {
    kasan::check_write(words, count * sizeof(u64));
    asm volatile("rep stosq" : "+D"(words), "+c"(count) : "a"(0ULL) : "memory");
}
inline void clear_page(void* page) { clear_words(page, PAGE_SIZE / sizeof(u64)); }
inline void copy_page(void* to, const void* from) {
    usize count = PAGE_SIZE / sizeof(u64);
    kasan::check_read(from, PAGE_SIZE);
    kasan::check_write(to, PAGE_SIZE);
    asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

}  // namespace exo::arch
