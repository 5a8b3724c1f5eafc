// Parses numbers in unchecked text.
#pragma once

#include <optional>
#include <string_view>

#include "utils/bits.hpp"

namespace exo {

/// Converts the whole of `text` to a number in `base` (2-16). Nothing if it has a sign, a blank or another
/// character, or is too large.
constexpr std::optional<u64> parse_unsigned(std::string_view text, u64 base = 10) {
    if (text.empty()) return std::nullopt;
    u64 value = 0;
    for (const char c : text) {
        u64 digit = 16;
        if (c >= '0' && c <= '9') digit = static_cast<u64>(c - '0');
        if (c >= 'a' && c <= 'f') digit = static_cast<u64>(c - 'a') + 10;
        if (c >= 'A' && c <= 'F') digit = static_cast<u64>(c - 'A') + 10;
        if (digit >= base) return std::nullopt;
        const auto shifted = checked_multiply(value, base);
        if (!shifted) return std::nullopt;
        const auto sum = checked_add(*shifted, digit);
        if (!sum) return std::nullopt;
        value = *sum;
    }
    return value;
}

}  // namespace exo
