// The functions that instrumented code calls (llvm/lib/Transforms/Instrumentation/ThreadSanitizer.cpp): before each plain or volatile
// access, and instead of each atomic operation and memory function.
#include "memory/kcsan/detector.hpp"

#if defined(EXO_KCSAN)

#include <cstddef>

namespace {

using exo::u16;
using exo::u32;
using exo::u64;
using exo::u8;
using exo::usize;
using exo::kcsan::Kind;

[[gnu::always_inline]] inline u64 address_of(const volatile void* pointer) {
    return reinterpret_cast<u64>(pointer);
}

}  // namespace

// In the function that the compiler's code has called, so a macro. SAFETY: a frame's first word is the caller's frame.
#define CHECK(address, size, kind)                                                                     \
    exo::kcsan::check(address, size, kind,                                                             \
                      [code = __builtin_return_address(0), frame = __builtin_frame_address(0)] {       \
                          return exo::kcsan::Place{address_of(code), *static_cast<const u64*>(frame)}; \
                      })

extern "C" {

/// Each file has a constructor that calls it, which is left out of the image (kernel.ld).
void __tsan_init() {}

#define EXO_KCSAN_ALIGNED(size)                                                              \
    void __tsan_read##size(u64 address) { CHECK(address, size, Kind::Read); }                \
    void __tsan_write##size(u64 address) { CHECK(address, size, Kind::Write); }              \
    void __tsan_read_write##size(u64 address) { CHECK(address, size, Kind::ReadWrite); }     \
    void __tsan_volatile_read##size(u64 address) { CHECK(address, size, Kind::MarkedRead); } \
    void __tsan_volatile_write##size(u64 address) { CHECK(address, size, Kind::MarkedWrite); }
#define EXO_KCSAN_UNALIGNED(size)                                                                  \
    void __tsan_unaligned_read##size(u64 address) { CHECK(address, size, Kind::Read); }            \
    void __tsan_unaligned_write##size(u64 address) { CHECK(address, size, Kind::Write); }          \
    void __tsan_unaligned_read_write##size(u64 address) { CHECK(address, size, Kind::ReadWrite); } \
    /* The CPU may split such an access, so nothing is marked by it. */                            \
    void __tsan_unaligned_volatile_read##size(u64 address) { CHECK(address, size, Kind::Read); }   \
    void __tsan_unaligned_volatile_write##size(u64 address) { CHECK(address, size, Kind::Write); }
EXO_KCSAN_ALIGNED(1)
EXO_KCSAN_ALIGNED(2)
EXO_KCSAN_ALIGNED(4)
EXO_KCSAN_ALIGNED(8)
EXO_KCSAN_ALIGNED(16)
EXO_KCSAN_UNALIGNED(2)
EXO_KCSAN_UNALIGNED(4)
EXO_KCSAN_UNALIGNED(8)
EXO_KCSAN_UNALIGNED(16)

/// Destructors write the pointer to the table of virtual functions that is there already.
void __tsan_vptr_update(void** pointer, void* value) {
    if (*pointer != value) CHECK(address_of(pointer), sizeof(void*), Kind::Write);
}
void __tsan_vptr_read(void** pointer) { CHECK(address_of(pointer), sizeof(void*), Kind::Read); }

// ---- Memory functions

void* __tsan_memcpy(void* to, const void* from, size_t size) {
    CHECK(address_of(from), size, Kind::Read);
    CHECK(address_of(to), size, Kind::Write);
    return __builtin_memcpy(to, from, size);
}

void* __tsan_memmove(void* to, const void* from, size_t size) {
    CHECK(address_of(from), size, Kind::Read);
    CHECK(address_of(to), size, Kind::Write);
    return __builtin_memmove(to, from, size);
}

void* __tsan_memset(void* to, int value, size_t size) {
    CHECK(address_of(to), size, Kind::Write);
    return __builtin_memset(to, value, size);
}

// These have no name of their own for a sanitizer: the linker puts them in the place of the functions (--wrap).
int __real_memcmp(const void* left, const void* right, size_t size);
size_t __real_strlen(const char* text);

int __wrap_memcmp(const void* left, const void* right, size_t size) {
    CHECK(address_of(left), size, Kind::Read);
    CHECK(address_of(right), size, Kind::Read);
    return __real_memcmp(left, right, size);
}

size_t __wrap_strlen(const char* text) {
    const size_t length = __real_strlen(text);
    CHECK(address_of(text), length + 1, Kind::Read);
    return length;
}

// ---- Atomic operations

// A load is one instruction in every order, and a locked instruction has the strongest order. Only stores have two forms.
#define EXO_KCSAN_FETCH(bits, type, name)                                         \
    type __tsan_atomic##bits##_fetch_##name(volatile type* at, type value, int) { \
        CHECK(address_of(at), sizeof(type), Kind::MarkedReadWrite);               \
        return __atomic_fetch_##name(at, value, __ATOMIC_SEQ_CST);                \
    }
#define EXO_KCSAN_ATOMIC(bits, type)                                                                     \
    type __tsan_atomic##bits##_load(const volatile type* at, int) {                                      \
        CHECK(address_of(at), sizeof(type), Kind::MarkedRead);                                           \
        return __atomic_load_n(at, __ATOMIC_SEQ_CST);                                                    \
    }                                                                                                    \
    void __tsan_atomic##bits##_store(volatile type* at, type value, int order) {                         \
        CHECK(address_of(at), sizeof(type), Kind::MarkedWrite);                                          \
        if (order == __ATOMIC_SEQ_CST)                                                                   \
            __atomic_store_n(at, value, __ATOMIC_SEQ_CST);                                               \
        else                                                                                             \
            __atomic_store_n(at, value, __ATOMIC_RELEASE);                                               \
    }                                                                                                    \
    type __tsan_atomic##bits##_exchange(volatile type* at, type value, int) {                            \
        CHECK(address_of(at), sizeof(type), Kind::MarkedReadWrite);                                      \
        return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST);                                         \
    }                                                                                                    \
    type __tsan_atomic##bits##_compare_exchange_val(volatile type* at, type expected, type desired, int, \
                                                    int) {                                               \
        CHECK(address_of(at), sizeof(type), Kind::MarkedReadWrite);                                      \
        __atomic_compare_exchange_n(at, &expected, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);  \
        return expected;                                                                                 \
    }                                                                                                    \
    EXO_KCSAN_FETCH(bits, type, add)                                                                     \
    EXO_KCSAN_FETCH(bits, type, sub)                                                                     \
    EXO_KCSAN_FETCH(bits, type, and)                                                                     \
    EXO_KCSAN_FETCH(bits, type, or)                                                                      \
    EXO_KCSAN_FETCH(bits, type, xor)
EXO_KCSAN_ATOMIC(8, u8)
EXO_KCSAN_ATOMIC(16, u16)
EXO_KCSAN_ATOMIC(32, u32)
EXO_KCSAN_ATOMIC(64, u64)

void __tsan_atomic_thread_fence(int order) {
    if (order == __ATOMIC_SEQ_CST)
        __atomic_thread_fence(__ATOMIC_SEQ_CST);
    else
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
}
void __tsan_atomic_signal_fence(int) { __atomic_signal_fence(__ATOMIC_SEQ_CST); }
}

#endif
