// Linux file types, modes, device numbers, and the structures of stat(2) and statx(2), x86-64
// (include/uapi/linux/stat.h, arch/x86/include/uapi/asm/stat.h).
#pragma once

#include <cstdint>

#include "abi/linux/time.hpp"

namespace exo::abi {

/// Bits of st_mode: S_IF*, S_IS*.
namespace mode {
inline constexpr std::uint32_t TYPE_MASK = 0170000;
inline constexpr std::uint32_t SOCKET = 0140000;
inline constexpr std::uint32_t SYMLINK = 0120000;
inline constexpr std::uint32_t REGULAR = 0100000;
inline constexpr std::uint32_t BLOCK_DEVICE = 0060000;
inline constexpr std::uint32_t DIRECTORY = 0040000;
inline constexpr std::uint32_t CHARACTER_DEVICE = 0020000;
inline constexpr std::uint32_t FIFO = 0010000;
inline constexpr std::uint32_t SET_UID = 04000;
inline constexpr std::uint32_t SET_GID = 02000;
inline constexpr std::uint32_t STICKY = 01000;
inline constexpr std::uint32_t PERMISSIONS = 07777;
}  // namespace mode

constexpr bool is_directory(std::uint32_t m) { return (m & mode::TYPE_MASK) == mode::DIRECTORY; }
constexpr bool is_regular(std::uint32_t m) { return (m & mode::TYPE_MASK) == mode::REGULAR; }
constexpr bool is_symlink(std::uint32_t m) { return (m & mode::TYPE_MASK) == mode::SYMLINK; }
constexpr bool is_fifo(std::uint32_t m) { return (m & mode::TYPE_MASK) == mode::FIFO; }
constexpr bool is_socket(std::uint32_t m) { return (m & mode::TYPE_MASK) == mode::SOCKET; }
constexpr bool is_character_device(std::uint32_t m) {
    return (m & mode::TYPE_MASK) == mode::CHARACTER_DEVICE;
}
constexpr bool is_block_device(std::uint32_t m) { return (m & mode::TYPE_MASK) == mode::BLOCK_DEVICE; }

/// A device number: 12 bits major, 20 bits minor (include/linux/kdev_t.h).
struct DeviceNumber {
    std::uint32_t major = 0;
    std::uint32_t minor = 0;
    friend constexpr bool operator==(const DeviceNumber&, const DeviceNumber&) = default;

    /// As stat(2) and mknod(2) carry it (new_encode_dev).
    constexpr std::uint32_t encoded() const { return (minor & 0xff) | major << 8 | (minor & ~0xffU) << 12; }
    static constexpr DeviceNumber decode(std::uint32_t value) {
        return {value >> 8 & 0xfff, (value & 0xff) | (value >> 12 & 0xfff00)};
    }
};

struct stat {
    std::uint64_t st_dev;
    std::uint64_t st_ino;
    std::uint64_t st_nlink;
    std::uint32_t st_mode;
    std::uint32_t st_uid;
    std::uint32_t st_gid;
    std::uint32_t padding_;
    std::uint64_t st_rdev;
    std::int64_t st_size;
    std::int64_t st_blksize;
    std::int64_t st_blocks;
    timespec st_atim;
    timespec st_mtim;
    timespec st_ctim;
    std::int64_t unused_[3];
};
static_assert(sizeof(stat) == 144);

struct statx_timestamp {
    std::int64_t tv_sec;
    std::uint32_t tv_nsec;
    std::int32_t reserved_;
};

struct statx {
    std::uint32_t stx_mask;
    std::uint32_t stx_blksize;
    std::uint64_t stx_attributes;
    std::uint32_t stx_nlink;
    std::uint32_t stx_uid;
    std::uint32_t stx_gid;
    std::uint16_t stx_mode;
    std::uint16_t spare0_;
    std::uint64_t stx_ino;
    std::uint64_t stx_size;
    std::uint64_t stx_blocks;
    std::uint64_t stx_attributes_mask;
    statx_timestamp stx_atime;
    statx_timestamp stx_btime;
    statx_timestamp stx_ctime;
    statx_timestamp stx_mtime;
    std::uint32_t stx_rdev_major;
    std::uint32_t stx_rdev_minor;
    std::uint32_t stx_dev_major;
    std::uint32_t stx_dev_minor;
    std::uint64_t stx_mnt_id;
    std::uint32_t stx_dio_mem_align;
    std::uint32_t stx_dio_offset_align;
    std::uint64_t spare3_[12];
};
static_assert(sizeof(statx) == 256);

/// What a statx wants, and what it reports as valid (STATX_*).
enum class StatxMask : std::uint32_t {
    None = 0,
    Type = 0x1,
    Mode = 0x2,
    Nlink = 0x4,
    Uid = 0x8,
    Gid = 0x10,
    Atime = 0x20,
    Mtime = 0x40,
    Ctime = 0x80,
    Ino = 0x100,
    Size = 0x200,
    Blocks = 0x400,
    Btime = 0x800,
    MntId = 0x1000,
    Dioalign = 0x2000,
    Reserved = 0x8000'0000,
};
template <> inline constexpr bool IS_FLAG_ENUM<StatxMask> = true;

namespace statx_mask {
inline constexpr std::uint32_t BASIC = raw(StatxMask::Btime) - 1;  ///< STATX_BASIC_STATS: all below it.
inline constexpr std::uint32_t BIRTH_TIME = raw(StatxMask::Btime);
inline constexpr std::uint32_t MOUNT_ID = raw(StatxMask::MntId);
}  // namespace statx_mask

inline constexpr std::uint64_t STATX_INODE_FLAGS = 0x70;   ///< STATX_ATTR_IMMUTABLE, _APPEND and _NODUMP
inline constexpr std::uint64_t STATX_AUTOMOUNT = 0x1000;   ///< STATX_ATTR_AUTOMOUNT
inline constexpr std::uint64_t STATX_MOUNT_ROOT = 0x2000;  ///< STATX_ATTR_MOUNT_ROOT
inline constexpr std::uint64_t STATX_DAX = 0x200000;       ///< STATX_ATTR_DAX

/// utimensat(2): tv_nsec values with a meaning (UTIME_NOW, UTIME_OMIT).
inline constexpr std::int64_t UTIME_NOW_VALUE = (1 << 30) - 1;
inline constexpr std::int64_t UTIME_OMIT_VALUE = (1 << 30) - 2;

}  // namespace exo::abi
