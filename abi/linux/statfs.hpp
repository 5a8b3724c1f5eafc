// Linux statfs(2), x86-64 (include/uapi/asm-generic/statfs.h, include/uapi/linux/magic.h).
#pragma once

#include <cstdint>

namespace exo::abi {

struct statfs {
    std::int64_t f_type;
    std::int64_t f_bsize;
    std::uint64_t f_blocks;
    std::uint64_t f_bfree;
    std::uint64_t f_bavail;
    std::uint64_t f_files;
    std::uint64_t f_ffree;
    std::int32_t f_fsid[2];
    std::int64_t f_namelen;
    std::int64_t f_frsize;
    std::int64_t f_flags;
    std::int64_t f_spare[4];
};
static_assert(sizeof(statfs) == 120);

/// f_type values.
namespace magic {
inline constexpr std::int64_t TMPFS = 0x01021994;
inline constexpr std::int64_t RAMFS = 0x858458f6;
inline constexpr std::int64_t PROC = 0x9fa0;
inline constexpr std::int64_t SYSFS = 0x62656572;
inline constexpr std::int64_t DEVPTS = 0x1cd1;
inline constexpr std::int64_t PIPEFS = 0x50495045;
inline constexpr std::int64_t SOCKFS = 0x534f434b;
inline constexpr std::int64_t ANON_INODE = 0x09041934;
}  // namespace magic

}  // namespace exo::abi
