// Flags of splice(2), tee(2) and vmsplice(2) (include/linux/splice.h).
#pragma once

#include <cstdint>

#include "abi/linux/flag_enum.hpp"

namespace exo::abi {

enum class SpliceFlags : std::uint32_t {
    None = 0,
    Move = 1,
    Nonblock = 2,
    More = 4,
    Gift = 8,
};
template <> inline constexpr bool IS_FLAG_ENUM<SpliceFlags> = true;

}  // namespace exo::abi
