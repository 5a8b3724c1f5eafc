// Bit-set operators for an enum class: `EXO_FLAGS(OpenFlags);` after its definition.
#pragma once

#include <utility>

#define EXO_FLAGS(Enum)                                                                                     \
    [[maybe_unused]] constexpr Enum operator|(Enum a, Enum b) {                                             \
        return static_cast<Enum>(std::to_underlying(a) | std::to_underlying(b));                            \
    }                                                                                                       \
    [[maybe_unused]] constexpr Enum operator&(Enum a, Enum b) {                                             \
        return static_cast<Enum>(std::to_underlying(a) & std::to_underlying(b));                            \
    }                                                                                                       \
    [[maybe_unused]] constexpr Enum operator~(Enum a) { return static_cast<Enum>(~std::to_underlying(a)); } \
    [[maybe_unused]] constexpr Enum& operator|=(Enum& a, Enum b) { return a = a | b; }                      \
    [[maybe_unused]] constexpr Enum& operator&=(Enum& a, Enum b) { return a = a & b; }                      \
    /** Any of the bits in `bits`. */                                                                       \
    [[maybe_unused]] constexpr bool has(Enum value, Enum bits) {                                            \
        return (std::to_underlying(value) & std::to_underlying(bits)) != 0;                                 \
    }                                                                                                       \
    /** All of the bits in `bits`. */                                                                       \
    [[maybe_unused]] constexpr bool has_all(Enum value, Enum bits) { return (value & bits) == bits; }       \
    static_assert(true)
