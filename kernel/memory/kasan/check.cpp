// Ranges of memory held against their shadow, and the memory functions that the compiler calls instead of the plain ones.
#if defined(EXO_KASAN)

#include "memory/kasan/shadow.hpp"

namespace exo::kasan {

u64 first_bad_byte(u64 address, usize size) {
    const u64 end = address + size;
    for (u64 at = address; at < end;) {
        // Eight granules at once where all of them may be used.
        if (at % (GRANULE * 8) == 0 && end - at >= GRANULE * 8) {
            u64 word;
            __builtin_memcpy(&word, shadow_of(at), sizeof(word));
            if (word == 0) {
                at += GRANULE * 8;
                continue;
            }
        }
        const u8 shadow = *shadow_of(at);
        const u64 granule = align_down(at, GRANULE);
        const u64 last = (end < granule + GRANULE ? end : granule + GRANULE) - 1;
        if (shadow != 0 && (shadow >= GRANULE || last - granule >= shadow))
            return shadow >= GRANULE || at - granule >= shadow ? at : granule + shadow;
        at = granule + GRANULE;
    }
    return 0;
}

namespace {
/// A range that starts in the user half, or leaves the kernel half, is the CPU's affair: it faults.
bool is_kernel_range(u64 address, usize size) {
    return address >= memory::KERNEL_START && address + size > address;
}

void check_for(u64 address, usize size, Access access, const void* code) {
    if (is_kernel_range(address, size) && first_bad_byte(address, size) != 0) [[unlikely]]
        report_access(address, size, access, address_of(code));
}
}  // namespace

void check(const void* address, usize size, Access access) {
    check_for(address_of(address), size, access, __builtin_return_address(0));
}

}  // namespace exo::kasan

using exo::kasan::Access;
using exo::kasan::address_of;
using exo::kasan::check_for;

extern "C" {

void* __asan_memcpy(void* to, const void* from, size_t size) {
    check_for(address_of(from), size, Access::Read, __builtin_return_address(0));
    check_for(address_of(to), size, Access::Write, __builtin_return_address(0));
    return __builtin_memcpy(to, from, size);
}

void* __asan_memmove(void* to, const void* from, size_t size) {
    check_for(address_of(from), size, Access::Read, __builtin_return_address(0));
    check_for(address_of(to), size, Access::Write, __builtin_return_address(0));
    return __builtin_memmove(to, from, size);
}

void* __asan_memset(void* to, int value, size_t size) {
    check_for(address_of(to), size, Access::Write, __builtin_return_address(0));
    return __builtin_memset(to, value, size);
}

// These have no name of their own for a sanitizer: the linker puts them in the place of the functions (--wrap).
int __real_memcmp(const void* left, const void* right, size_t size);
size_t __real_strlen(const char* text);

int __wrap_memcmp(const void* left, const void* right, size_t size) {
    check_for(address_of(left), size, Access::Read, __builtin_return_address(0));
    check_for(address_of(right), size, Access::Read, __builtin_return_address(0));
    return __real_memcmp(left, right, size);
}

size_t __wrap_strlen(const char* text) {
    const size_t length = __real_strlen(text);
    check_for(address_of(text), length + 1, Access::Read, __builtin_return_address(0));
    return length;
}
}

#endif
