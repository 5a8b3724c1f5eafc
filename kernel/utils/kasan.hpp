// Hooks of the kernel's address sanitizer (KASAN), for code whose memory accesses the compiler does not see
// (assembler, user copies) and for allocators. With EXO_KASAN the runtime in memory/kasan/ implements them;
// otherwise they are empty.
//
// Each eight bytes of the kernel half have a shadow byte at (address >> 3) + SHADOW_OFFSET: 0: all are
// accessible; 1 to 7: only the first so many are; from 0x80 on: none is, and the value says why
// (memory/kasan/shadow.hpp). The compiler checks it before each access.
#pragma once

#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo::kasan {

/// The same value as -asan-mapping-offset in cmake/kernel.cmake. It places the kernel half's shadow at
/// [SHADOW_START, SHADOW_END). The shadow address of a user address or of a non-canonical address is itself
/// not canonical.
inline constexpr u64 SHADOW_OFFSET = 0xdfff'fc00'0000'0000;
inline constexpr u64 SHADOW_START = (0xffff'8000'0000'0000 >> 3) + SHADOW_OFFSET;
inline constexpr u64 SHADOW_END = SHADOW_START + (1ULL << 44);
/// The size of the part of the image's slot that has shadow. This shadow lies in the image itself, so that it
/// exists from the first instruction.
inline constexpr u64 IMAGE_SPAN = 16 * MIB;

constexpr u64 shadow_address(u64 address) { return (address >> 3) + SHADOW_OFFSET; }
constexpr bool is_shadow(u64 address) { return address >= SHADOW_START && address < SHADOW_END; }

enum class Access : u8 { Read, Write };

#if defined(EXO_KASAN)
inline constexpr bool ENABLED = true;

extern "C" u8 exo_kasan_image_shadow[IMAGE_SPAN >> 3];
extern "C" u8 exo_kasan_zero_page[PAGE_SIZE];

/// Reports an error and stops unless all of [address, address + size) is accessible. Addresses of the user
/// half are not checked; the CPU checks them.
void check(const void* address, usize size, Access access);
inline void check_read(const void* address, usize size) { check(address, size, Access::Read); }
inline void check_write(const void* address, usize size) { check(address, size, Access::Write); }
/// Reports an access whose compiler's check faulted because `address` has no shadow: it is not RAM, or not
/// canonical.
[[noreturn]] void report_wild_access(u64 address, const void* registers);

/// Call when frames were allocated or freed.
void frames_allocated(u32 first, usize count);
void frames_freed(u32 first, usize count);
/// Call when the heap has got memory that contains no objects yet.
void heap_grew(void* memory, usize size);
/// Call for the part of that memory in which the heap keeps its own records, which instrumented code
/// (utils/tree.cpp) accesses.
void heap_keeps(void* memory, usize size);
/// Call for an unused stack: clears what earlier frames left in its shadow.
void stack_renewed(u64 bottom, usize size);
/// Makes shadow for mapped pages outside the direct map. Errors: OutOfMemory.
Result<> map_stack_shadow(u64 bottom, usize size);
void unmap_stack_shadow(u64 bottom, usize size);
/// Requires the lock of the kernel's map.
Result<> map_device_shadow(u64 start, u64 size);
/// Frees all heap objects in the quarantine. Returns whether there were any.
bool release_heap_quarantine();
#else
inline constexpr bool ENABLED = false;

inline void check_read(const void*, usize) {}
inline void check_write(const void*, usize) {}
inline void frames_allocated(u32, usize) {}
inline void frames_freed(u32, usize) {}
inline void heap_grew(void*, usize) {}
inline void heap_keeps(void*, usize) {}
inline void stack_renewed(u64, usize) {}
inline Result<> map_stack_shadow(u64, usize) { return {}; }
inline void unmap_stack_shadow(u64, usize) {}
inline Result<> map_device_shadow(u64, u64) { return {}; }
inline bool release_heap_quarantine() { return false; }
#endif

}  // namespace exo::kasan
