// KASAN's shadow: the meaning of its bytes, and functions that write them.
//
// Key types: Poison. The hooks of utils/kasan.hpp are implemented here: check.cpp (accesses), compiler.cpp and globals.cpp
// (what compiled code calls), shadow_map.cpp (shadow for memory), guarded_heap.cpp (redzones and quarantine),
// frame_shadow.cpp, report.cpp. All of this folder is built without instrumentation, and is empty without EXO_KASAN.
// Locking: the owner of a piece of memory writes its shadow.
#pragma once

#include "memory/layout.hpp"
#include "utils/bits.hpp"
#include "utils/kasan.hpp"

namespace exo::kasan {

/// Values up to 7 mean that only that many bytes of the granule are accessible (0: all). The compiler uses
/// 0xf1 to 0xf8.
enum class Poison : u8 {
    None = 0,
    StackLeft = 0xf1,
    StackMiddle = 0xf2,
    StackRight = 0xf3,
    StackPartial = 0xf4,
    StackScope = 0xf8,
    Global = 0xf9,
    HeapRedzone = 0xfa,
    FreedObject = 0xfd,
    HeapUnused = 0xfc,  ///< Owned by the heap and not allocated.
    FreeFrame = 0xff,
};

inline constexpr u64 GRANULE = 8;

#if defined(EXO_KASAN)

// SAFETY: the shadow of the kernel half is mapped where there is memory. An access elsewhere faults, and the
// fault is reported.
inline u8* shadow_of(u64 address) { return reinterpret_cast<u8*>(shadow_address(address)); }
inline u64 address_of(const void* pointer) { return reinterpret_cast<u64>(pointer); }

/// The shadow of RAM exists. Before that, all memory outside the image shares one shadow page, which must not
/// be written.
extern constinit bool is_ready;

/// Poisons a range. Address and size are multiples of GRANULE.
inline void poison(u64 address, usize size, Poison value) {
    __builtin_memset(shadow_of(address), static_cast<u8>(value), size / GRANULE);
}
/// Unpoisons a range. The address is a multiple of GRANULE, the size need not be.
inline void unpoison(u64 address, usize size) {
    __builtin_memset(shadow_of(address), 0, size / GRANULE);
    if (size % GRANULE != 0) *shadow_of(address + size) = static_cast<u8>(size % GRANULE);
}

/// The first inaccessible byte of the range, or 0.
u64 first_bad_byte(u64 address, usize size);

/// Reports a bad access and stops the machine. `code`: the return address of the check.
[[noreturn]] void report_access(u64 address, usize size, Access access, u64 code);
[[noreturn]] void report_bad_free(u64 address, u64 code);

/// A global variable whose memory or redzone contains an address.
struct Global {
    u64 address;
    u64 size;
    u64 size_with_redzone;
    const char* name;
    const char* file;
    u64 is_initialised_dynamically;
    u64 location;
    u64 odr_indicator;
};
const Global* global_around(u64 address);

/// A heap object: [address, address + size), and the addresses of the code that allocated and freed it.
struct HeapObject {
    u64 address;
    usize size;
    u64 allocated_by;
    u64 freed_by;  ///< 0: it was not freed.
};
/// Finds the heap object at an address. Returns false if there is none and never was one.
bool find_heap_object(u64 address, HeapObject& object);

#endif

}  // namespace exo::kasan
