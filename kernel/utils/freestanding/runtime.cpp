// The functions that the compiler and libc++ assume, and that a kernel must provide.
#include <new>

#include "utils/assert.hpp"
#include "utils/types.hpp"

#if !defined(EXO_HOSTED)

namespace std {
const nothrow_t nothrow{};
}  // namespace std

namespace std {
inline namespace __exo {
[[noreturn]] void __libcpp_verbose_abort(const char* format, ...) { exo::panic(format); }
}  // namespace __exo
}  // namespace std

extern "C" {

[[noreturn]] void __cxa_pure_virtual() { exo::panic("a pure virtual function was called"); }

[[noreturn]] void abort() { exo::panic("abort was called"); }

[[gnu::used]] void* memchr(const void* memory, int value, size_t size) {
    const auto* bytes = static_cast<const exo::u8*>(memory);
    for (size_t i = 0; i < size; ++i)
        if (bytes[i] == static_cast<exo::u8>(value)) return const_cast<exo::u8*>(bytes + i);
    return nullptr;
}

/// Division of 128-bit numbers, bit by bit: for conversions at boot, not for hot paths.
[[gnu::used]] unsigned __int128 __udivti3(unsigned __int128 dividend, unsigned __int128 divisor) {
    unsigned __int128 quotient = 0;
    unsigned __int128 remainder = 0;
    for (int bit = 127; bit >= 0; --bit) {
        remainder = remainder << 1 | (dividend >> bit & 1);
        if (remainder < divisor) continue;
        remainder -= divisor;
        quotient |= static_cast<unsigned __int128>(1) << bit;
    }
    return quotient;
}
}

#endif
