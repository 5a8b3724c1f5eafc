// Hooks of the kernel's address sanitizer (KASAN), for code that touches memory behind the compiler's back (assembler, user
// copies) and for allocators. With EXO_KASAN the runtime in memory/kasan/ is behind them; otherwise they are nothing.
//
// Each eight bytes of the kernel half have a byte of shadow at (address >> 3) + SHADOW_OFFSET: 0, all may be used; 1 to 7, so
// many of the first; from 0x80 on, none, and why (memory/kasan/shadow.hpp). The compiler checks it before each access.
#pragma once

#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo::kasan {

/// As -asan-mapping-offset in cmake/kernel.cmake. It puts the kernel half's shadow at [SHADOW_START, SHADOW_END); that of a
/// program's address, or of none, has no canonical address.
inline constexpr u64 SHADOW_OFFSET = 0xdfff'fc00'0000'0000;
inline constexpr u64 SHADOW_START = (0xffff'8000'0000'0000 >> 3) + SHADOW_OFFSET;
inline constexpr u64 SHADOW_END = SHADOW_START + (1ULL << 44);
/// The part of the image's slot that has shadow: memory in the image itself, so that it is there from the first instruction.
inline constexpr u64 IMAGE_SPAN = 16 * MIB;

constexpr u64 shadow_address(u64 address) { return (address >> 3) + SHADOW_OFFSET; }
constexpr bool is_shadow(u64 address) { return address >= SHADOW_START && address < SHADOW_END; }

enum class Access : u8 { Read, Write };

#if defined(EXO_KASAN)
inline constexpr bool ENABLED = true;

extern "C" u8 exo_kasan_image_shadow[IMAGE_SPAN >> 3];
extern "C" u8 exo_kasan_zero_page[PAGE_SIZE];

/// Ends in a report if not all of [address, address + size) may be used. Addresses of the user half are the CPU's affair.
void check(const void* address, usize size, Access access);
inline void check_read(const void* address, usize size) { check(address, size, Access::Read); }
inline void check_write(const void* address, usize size) { check(address, size, Access::Write); }
/// The compiler's check of an access to `address` found no shadow there: never RAM of ours, or no address at all.
[[noreturn]] void report_wild_access(u64 address, const void* registers);

/// Frames that are handed out, and that are free.
void frames_allocated(u32 first, usize count);
void frames_freed(u32 first, usize count);
/// Memory that the heap takes for objects which it has not handed out yet.
void heap_grew(void* memory, usize size);
/// Of this memory, what the heap keeps records of its own in, which checked code (utils/tree.cpp) works on.
void heap_keeps(void* memory, usize size);
/// A stack that nobody uses yet: what earlier frames left in its shadow goes.
void stack_renewed(u64 bottom, usize size);
/// Shadow for mapped pages outside the direct map. Errors: OutOfMemory.
Result<> map_stack_shadow(u64 bottom, usize size);
void unmap_stack_shadow(u64 bottom, usize size);
/// Under the lock of the kernel's map.
Result<> map_device_shadow(u64 start, u64 size);
/// Ends the quarantine of all heap objects; whether there were any.
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
