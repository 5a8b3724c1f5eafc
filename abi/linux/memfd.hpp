// Linux memfd_create(2) and the seals of fcntl(2) (include/uapi/linux/memfd.h, fcntl.h), x86-64.
#pragma once

#include <cstdint>

#include "abi/linux/flag_enum.hpp"

namespace exo::abi {

enum class MemfdFlags : std::uint32_t { None = 0, Cloexec = 1, AllowSealing = 2, Hugetlb = 4 };
template <> inline constexpr bool IS_FLAG_ENUM<MemfdFlags> = true;
/// With MFD_HUGETLB, the binary logarithm of the size of a page.
inline constexpr std::uint32_t MEMFD_HUGE_SIZE = 0x3fU << 26;

enum class Seals : std::uint32_t { None = 0, Seal = 1, Shrink = 2, Grow = 4, Write = 8, FutureWrite = 16 };
template <> inline constexpr bool IS_FLAG_ENUM<Seals> = true;

}  // namespace exo::abi
