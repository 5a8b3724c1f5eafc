// Reads values and slices from unchecked bytes. Every access checks its bounds.
//
// Little-endian, like x86-64 and all formats that the kernel reads.
#pragma once

#include <cstring>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>

#include "utils/types.hpp"

namespace exo {

/// The `length` bytes from `offset` on. Nothing if they do not all lie inside.
constexpr std::optional<std::span<const u8>> slice(std::span<const u8> bytes, u64 offset, u64 length) {
    if (offset > bytes.size() || length > bytes.size() - offset) return std::nullopt;
    return bytes.subspan(static_cast<usize>(offset), static_cast<usize>(length));
}

/// A copy of the T at `offset` (any alignment). Nothing if it does not lie inside.
template <class T>
    requires std::is_trivially_copyable_v<T>
std::optional<T> load(std::span<const u8> bytes, u64 offset) {
    const auto piece = slice(bytes, offset, sizeof(T));
    if (!piece) return std::nullopt;
    T value;
    std::memcpy(&value, piece->data(), sizeof(T));
    return value;
}

/// Like memcpy, but faster for sizes of 8 to 16 bytes, such as most names, which need no call.
inline void copy_name(u8* to, std::string_view name) {
    constexpr usize WORD = sizeof(u64);
    if (name.size() < WORD || name.size() > 2 * WORD) {
        std::memcpy(to, name.data(), name.size());
        return;
    }
    // Two words that overlap cover all bytes.
    std::memcpy(to, name.data(), WORD);
    std::memcpy(to + name.size() - WORD, name.data() + name.size() - WORD, WORD);
}

/// The bytes as text. Their content is not checked.
inline std::string_view as_text(std::span<const u8> bytes) {
    // SAFETY: char may alias anything; the view covers exactly the span.
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline std::span<const u8> as_bytes(std::string_view text) {
    // SAFETY: u8 is unsigned char, which may alias anything; the span covers exactly the view.
    return {reinterpret_cast<const u8*>(text.data()), text.size()};
}

}  // namespace exo
