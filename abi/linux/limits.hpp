// Linux limits (include/uapi/linux/limits.h). Not spelled as there: libc defines macros of those names.
#pragma once

#include <cstddef>
#include <cstdint>

namespace exo::abi {

inline constexpr std::size_t MAX_PATH_SIZE = 4096;       ///< PATH_MAX: bytes of a path with its NUL.
inline constexpr std::size_t MAX_NAME_LENGTH = 255;      ///< NAME_MAX
inline constexpr std::size_t PIPE_ATOMIC_SIZE = 4096;    ///< PIPE_BUF
inline constexpr std::uint32_t MAX_SYMLINKS = 40;        ///< include/linux/namei.h: MAXSYMLINKS
inline constexpr std::size_t MAX_IO_SIZE = 0x7fff'f000;  ///< MAX_RW_COUNT: more is cut to this.
inline constexpr std::int64_t MAX_FILE_OFFSET = 0x7fff'ffff'ffff'ffff;

}  // namespace exo::abi
