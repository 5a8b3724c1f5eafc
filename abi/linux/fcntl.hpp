// Linux file control: flags of open(2), *at(2), rename, fallocate, lseek; commands of fcntl(2). x86-64 values
// (include/uapi/asm-generic/fcntl.h). Enumerators carry Linux's names in our case, because libc has macros.
#pragma once

#include <cstdint>

#include "abi/linux/flag_enum.hpp"

namespace exo::abi {

enum class OpenFlags : std::uint32_t {
    Rdonly = 0,
    Wronly = 1,
    Rdwr = 2,
    Accmode = 3,
    Creat = 0100,
    Excl = 0200,
    Noctty = 0400,
    Trunc = 01000,
    Append = 02000,
    Nonblock = 04000,
    Dsync = 010000,
    Async = 020000,
    Direct = 040000,
    Largefile = 0100000,
    Directory = 0200000,
    Nofollow = 0400000,
    Noatime = 01000000,
    Cloexec = 02000000,
    Sync = 04010000,
    Path = 010000000,
    Tmpfile = 020200000,
};
template <> inline constexpr bool IS_FLAG_ENUM<OpenFlags> = true;

inline constexpr std::int32_t AT_CURRENT_DIRECTORY = -100;  ///< AT_FDCWD

enum class AtFlags : std::uint32_t {
    None = 0,
    SymlinkNofollow = 0x100,
    Removedir = 0x200,  ///< unlinkat
    SymlinkFollow = 0x400,
    NoAutomount = 0x800,
    EmptyPath = 0x1000,
    StatxForceSync = 0x2000,
    StatxDontSync = 0x4000,
};
template <> inline constexpr bool IS_FLAG_ENUM<AtFlags> = true;

/// faccessat2: the same bits, but one means something else.
enum class AccessFlags : std::uint32_t {
    None = 0,
    SymlinkNofollow = 0x100,
    Eaccess = 0x200,
    EmptyPath = 0x1000
};
template <> inline constexpr bool IS_FLAG_ENUM<AccessFlags> = true;

enum class CloseRangeFlags : std::uint32_t { None = 0, Unshare = 2, Cloexec = 4 };
template <> inline constexpr bool IS_FLAG_ENUM<CloseRangeFlags> = true;

/// eventfd2(2)
enum class EventFlags : std::uint32_t { None = 0, Semaphore = 1, Nonblock = 04000, Cloexec = 02000000 };
template <> inline constexpr bool IS_FLAG_ENUM<EventFlags> = true;

/// fadvise64(2)
enum class FileAdvice : std::uint32_t {
    Normal = 0,
    Random = 1,
    Sequential = 2,
    Willneed = 3,
    Dontneed = 4,
    Noreuse = 5,
};

enum class RenameFlags : std::uint32_t { None = 0, Noreplace = 1, Exchange = 2, Whiteout = 4 };
template <> inline constexpr bool IS_FLAG_ENUM<RenameFlags> = true;

enum class FallocateMode : std::uint32_t {
    None = 0,
    KeepSize = 0x01,
    PunchHole = 0x02,
    CollapseRange = 0x08,
    ZeroRange = 0x10,
    InsertRange = 0x20,
    UnshareRange = 0x40,
};
template <> inline constexpr bool IS_FLAG_ENUM<FallocateMode> = true;

/// Of sync_file_range(2).
enum class SyncRangeFlags : std::uint32_t { None = 0, WaitBefore = 1, Write = 2, WaitAfter = 4 };
template <> inline constexpr bool IS_FLAG_ENUM<SyncRangeFlags> = true;

/// Of preadv2(2) and pwritev2(2): RWF_HIPRI and so on.
enum class ReadWriteFlags : std::uint32_t {
    None = 0,
    Hipri = 1,
    Dsync = 2,
    Sync = 4,
    Nowait = 8,
    Append = 16
};
template <> inline constexpr bool IS_FLAG_ENUM<ReadWriteFlags> = true;

enum class SeekWhence : std::uint32_t { Set = 0, Cur = 1, End = 2, Data = 3, Hole = 4 };

/// access(2): bits of the mask.
enum class AccessMode : std::uint32_t { Exists = 0, Execute = 1, Write = 2, Read = 4 };
template <> inline constexpr bool IS_FLAG_ENUM<AccessMode> = true;

enum class FcntlCommand : std::uint32_t {
    Dupfd = 0,
    Getfd = 1,
    Setfd = 2,
    Getfl = 3,
    Setfl = 4,
    Getlk = 5,
    Setlk = 6,
    Setlkw = 7,
    Setown = 8,
    Getown = 9,
    Setsig = 10,
    Getsig = 11,
    OfdGetlk = 36,
    OfdSetlk = 37,
    OfdSetlkw = 38,
    Setlease = 1024,
    Getlease = 1025,
    DupfdCloexec = 1030,
    Setpipesz = 1031,
    Getpipesz = 1032,
    AddSeals = 1033,
    GetSeals = 1034,
};

/// F_GETFD and F_SETFD: FD_CLOEXEC.
enum class DescriptorFlags : std::uint32_t { None = 0, Cloexec = 1 };
template <> inline constexpr bool IS_FLAG_ENUM<DescriptorFlags> = true;

enum class LockType : std::int16_t { Rdlck = 0, Wrlck = 1, Unlck = 2 };

/// fcntl record locks.
struct flock {
    std::int16_t l_type;
    std::int16_t l_whence;
    std::int32_t padding_;
    std::int64_t l_start;
    std::int64_t l_len;
    std::int32_t l_pid;
    std::int32_t padding2_;
};
static_assert(sizeof(flock) == 32);

/// flock(2) operations.
enum class FlockOperation : std::uint32_t {
    Shared = 1,
    Exclusive = 2,
    Nonblock = 4,
    Unlock = 8,
    Mandatory = 32
};
template <> inline constexpr bool IS_FLAG_ENUM<FlockOperation> = true;

/// Requests of ioctl(2) that concern any file (include/uapi/asm-generic/ioctls.h).
enum class FileIoctl : std::uint32_t {
    Fibmap = 0x1,
    Figetbsz = 0x2,
    Fionread = 0x541b,
    Fionbio = 0x5421,
    Fionclex = 0x5450,
    Fioclex = 0x5451,
    Fioasync = 0x5452,
};

}  // namespace exo::abi
