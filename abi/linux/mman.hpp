// Linux memory mapping: arguments of mmap(2), mprotect(2), mremap(2), msync(2), madvise(2). x86-64 values
// (include/uapi/asm-generic/mman-common.h, mman.h). Enumerators carry Linux's names in our case.
#pragma once

#include <cstdint>

#include "abi/linux/flag_enum.hpp"

namespace exo::abi {

enum class Protection : std::uint32_t {
    None = 0,
    Read = 1,
    Write = 2,
    Exec = 4,
    Sem = 8,  ///< For atomic operations: nothing to do on x86.
    Growsdown = 0x0100'0000,
    Growsup = 0x0200'0000,
};
template <> inline constexpr bool IS_FLAG_ENUM<Protection> = true;

enum class MapFlags : std::uint32_t {
    Shared = 0x01,
    Private = 0x02,
    SharedValidate = 0x03,
    TypeMask = 0x0f,
    Fixed = 0x10,
    Anonymous = 0x20,
    Low32bit = 0x40,  ///< MAP_32BIT
    Growsdown = 0x0100,
    Denywrite = 0x0800,
    Executable = 0x1000,
    Locked = 0x2000,
    Noreserve = 0x4000,
    Populate = 0x8000,
    Nonblock = 0x1'0000,
    Stack = 0x2'0000,
    Hugetlb = 0x4'0000,
    Sync = 0x8'0000,
    FixedNoreplace = 0x10'0000,
    Uninitialized = 0x0400'0000,
};
template <> inline constexpr bool IS_FLAG_ENUM<MapFlags> = true;

enum class RemapFlags : std::uint32_t { None = 0, Maymove = 1, Fixed = 2, Dontunmap = 4 };
template <> inline constexpr bool IS_FLAG_ENUM<RemapFlags> = true;

enum class SyncFlags : std::uint32_t { None = 0, Async = 1, Invalidate = 2, Sync = 4 };
template <> inline constexpr bool IS_FLAG_ENUM<SyncFlags> = true;

enum class Advice : std::uint32_t {
    Normal = 0,
    Random = 1,
    Sequential = 2,
    Willneed = 3,
    Dontneed = 4,
    Free = 8,
    Remove = 9,
    Dontfork = 10,
    Dofork = 11,
    // 12 to 15 belong to same-page merging and to huge pages, which there are none of.
    Dontdump = 16,
    Dodump = 17,
    Wipeonfork = 18,
    Keeponfork = 19,
    Cold = 20,
    Pageout = 21,
    PopulateRead = 22,
    PopulateWrite = 23,
    DontneedLocked = 24,
};

/// mlock2(2)
enum class LockFlags : std::uint32_t { None = 0, Onfault = 1 };
template <> inline constexpr bool IS_FLAG_ENUM<LockFlags> = true;

/// mlockall(2)
enum class LockAllFlags : std::uint32_t { None = 0, Current = 1, Future = 2, Onfault = 4 };
template <> inline constexpr bool IS_FLAG_ENUM<LockAllFlags> = true;

}  // namespace exo::abi
