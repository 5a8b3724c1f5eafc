// Values and pieces out of bytes that nobody has checked: every access names its bounds.
//
// Little-endian, as x86-64 and all the formats that we read are.
#pragma once

#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "utils/types.hpp"

namespace exo {

/// `length` bytes from `offset`, or nothing when they do not all lie inside.
constexpr std::optional<std::span<const u8>> slice(std::span<const u8> bytes, u64 offset, u64 length) {
    if (offset > bytes.size() || length > bytes.size() - offset) return std::nullopt;
    return bytes.subspan(static_cast<usize>(offset), static_cast<usize>(length));
}

/// A copy of the T at `offset` (any alignment), or nothing when it does not lie inside.
template <class T>
    requires std::is_trivially_copyable_v<T>
std::optional<T> load(std::span<const u8> bytes, u64 offset) {
    const auto piece = slice(bytes, offset, sizeof(T));
    if (!piece) return std::nullopt;
    T value;
    std::memcpy(&value, piece->data(), sizeof(T));
    return value;
}

/// As memcpy, for what mostly is 8 to 16 bytes long, such as a name: no call then.
inline void copy_name(u8* to, std::string_view name) {
    constexpr usize WORD = sizeof(u64);
    if (name.size() < WORD || name.size() > 2 * WORD) {
        std::memcpy(to, name.data(), name.size());
        return;
    }
    // Two words that overlap.
    std::memcpy(to, name.data(), WORD);
    std::memcpy(to + name.size() - WORD, name.data() + name.size() - WORD, WORD);
}

/// Looks at bytes as text; nothing about their content is checked.
inline std::string_view as_text(std::span<const u8> bytes) {
    // SAFETY: char may alias anything; the view covers exactly the span.
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline std::span<const u8> as_bytes(std::string_view text) {
    // SAFETY: u8 is unsigned char, which may alias anything; the span covers exactly the view.
    return {reinterpret_cast<const u8*>(text.data()), text.size()};
}

}  // namespace exo
