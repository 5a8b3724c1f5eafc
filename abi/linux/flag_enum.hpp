// Bit-set operators for the flag enumerations of this folder, which includes nothing of the kernel.
#pragma once

#include <type_traits>

namespace exo::abi {

template <class Enum> inline constexpr bool IS_FLAG_ENUM = false;

template <class Enum> concept FlagEnum = IS_FLAG_ENUM<Enum>;

template <FlagEnum Enum> constexpr auto raw(Enum value) {
    return static_cast<std::underlying_type_t<Enum>>(value);
}
template <FlagEnum Enum> constexpr Enum operator|(Enum a, Enum b) {
    return static_cast<Enum>(raw(a) | raw(b));
}
template <FlagEnum Enum> constexpr Enum operator&(Enum a, Enum b) {
    return static_cast<Enum>(raw(a) & raw(b));
}
template <FlagEnum Enum> constexpr Enum operator~(Enum a) { return static_cast<Enum>(~raw(a)); }
template <FlagEnum Enum> constexpr Enum& operator|=(Enum& a, Enum b) { return a = a | b; }
template <FlagEnum Enum> constexpr Enum& operator&=(Enum& a, Enum b) { return a = a & b; }
/// Any of the bits in `bits`.
template <FlagEnum Enum> constexpr bool has(Enum value, Enum bits) { return raw(value & bits) != 0; }
/// All of the bits in `bits`.
template <FlagEnum Enum> constexpr bool has_all(Enum value, Enum bits) { return (value & bits) == bits; }

}  // namespace exo::abi
