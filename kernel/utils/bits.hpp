// Alignment and overflow-checked arithmetic.
#pragma once

#include <concepts>
#include <optional>
#include <type_traits>

#include "utils/types.hpp"

namespace exo {

template <std::unsigned_integral T> constexpr T align_down(T value, std::type_identity_t<T> alignment) {
    return value & ~(alignment - 1);
}

/// Wraps to 0 when the result does not fit; use `checked_align_up` on foreign values.
template <std::unsigned_integral T> constexpr T align_up(T value, std::type_identity_t<T> alignment) {
    return (value + alignment - 1) & ~(alignment - 1);
}

template <std::unsigned_integral T> constexpr bool is_aligned(T value, std::type_identity_t<T> alignment) {
    return (value & (alignment - 1)) == 0;
}

template <std::integral T> constexpr std::optional<T> checked_add(T a, std::type_identity_t<T> b) {
    T sum;
    if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
    return sum;
}

template <std::integral T> constexpr std::optional<T> checked_multiply(T a, std::type_identity_t<T> b) {
    T product;
    if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
    return product;
}

template <std::unsigned_integral T>
constexpr std::optional<T> checked_align_up(T value, std::type_identity_t<T> alignment) {
    const auto sum = checked_add(value, static_cast<T>(alignment - 1));
    if (!sum) return std::nullopt;
    return align_down(*sum, alignment);
}

template <std::unsigned_integral T> constexpr T divide_round_up(T value, std::type_identity_t<T> divisor) {
    return value / divisor + (value % divisor != 0 ? 1 : 0);
}

}  // namespace exo
