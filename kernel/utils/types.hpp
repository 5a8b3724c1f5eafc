// The names of integer types.
#pragma once

#include <cstddef>
#include <cstdint>

namespace exo {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i8 = std::int8_t;
using i16 = std::int16_t;
using i32 = std::int32_t;
using i64 = std::int64_t;
using usize = std::size_t;
using isize = std::ptrdiff_t;

inline constexpr usize KIB = 1024;
inline constexpr usize MIB = 1024 * KIB;
inline constexpr usize GIB = 1024 * MIB;

inline constexpr usize PAGE_SHIFT = 12;
inline constexpr usize PAGE_SIZE = 1ULL << PAGE_SHIFT;

}  // namespace exo
