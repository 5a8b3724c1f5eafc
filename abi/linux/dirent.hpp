// Linux directory entries as getdents64(2) writes them (include/linux/dirent.h).
#pragma once

#include <cstddef>
#include <cstdint>

namespace exo::abi {

/// Followed by the NUL-terminated name at offset 19; d_reclen is a multiple of 8.
struct linux_dirent64 {
    std::uint64_t d_ino;
    std::int64_t d_off;
    std::uint16_t d_reclen;
    std::uint8_t d_type;
};
inline constexpr std::size_t DIRENT64_NAME_OFFSET = 19;

/// d_type (DT_*) is the file type's four bits of the mode.
constexpr std::uint8_t dirent_type(std::uint32_t mode) { return static_cast<std::uint8_t>(mode >> 12 & 0xf); }

}  // namespace exo::abi
