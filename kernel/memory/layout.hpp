// The layout of the virtual address space. Every base is a variable, so that it can be moved at boot. The
// hosted build sets the direct map to its arena.
//
//   0 … USER_END              programs (the last page below 2^47 stays unmapped: a SYSCALL there would return to a
//                             non-canonical address)
//   direct_map                all physical memory, 64 TiB
//   kernel_stacks             guarded stacks, 512 GiB
//   device_map                device registers, 512 GiB
//   KASAN's shadow            16 TiB from 0xffffec0000000000 (utils/kasan.hpp; debug builds)
//   text                      the kernel image, the last 2 GiB
#pragma once

#include "memory/address.hpp"

namespace exo::memory {

inline constexpr u64 USER_END = (1ULL << 47) - PAGE_SIZE;
inline constexpr u64 KERNEL_START = 0xffff'8000'0000'0000;

struct Layout {
    u64 direct_map = 0xffff'8000'0000'0000;
    u64 kernel_stacks = 0xffff'c900'0000'0000;
    u64 device_map = 0xffff'ca00'0000'0000;
    u64 text = 0xffff'ffff'8000'0000;
};
inline constexpr u64 DIRECT_MAP_SIZE = 64ULL << 40;
inline constexpr u64 SLOT_SIZE = 512 * GIB;

extern constinit Layout layout;

/// The kernel's address of physical memory. `physical` must be RAM (device registers: map_device).
inline void* direct_map(PhysicalAddress physical) {
    // SAFETY: boot maps all RAM there before anything calls this.
    return reinterpret_cast<void*>(layout.direct_map + physical.value());
}

/// The physical address of a pointer into the direct map (heap, frames). Not for stacks or data of the kernel
/// image.
inline PhysicalAddress physical_of(const void* pointer) {
    // SAFETY: only the address is used, nothing is read.
    return PhysicalAddress(reinterpret_cast<u64>(pointer) - layout.direct_map);
}

/// Whether [address, address + size) lies in the user half.
constexpr bool is_user_range(u64 address, u64 size) { return size <= USER_END && address <= USER_END - size; }

}  // namespace exo::memory
