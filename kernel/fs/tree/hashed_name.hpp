// HashedName: one component of a path with its hash. The scan reads eight bytes at a time.
//
// The hash depends on a key that the kernel chooses at random at boot. A program that does not know the key
// cannot choose names with equal hashes, which would make lookups slow.
#pragma once

#include <bit>
#include <cstring>
#include <string_view>

#include "utils/types.hpp"

namespace exo::fs {

/// The key of the name hash. `factor` is odd.
struct NameHashKey {
    u64 addend;
    u64 factor;
};
/// Sets the key. Callable once, before the first name exists. Without a call the key is a constant
/// (norandmaps: no random numbers).
void set_name_hash_key(NameHashKey key);

struct HashedName {
    std::string_view text;
    u32 hash = 0;
    u64 first_word =
        0;  ///< The first eight bytes, padded with zeros. A comparison of two names begins with it.

    static HashedName of(std::string_view text);
    /// Scans the component that starts at `at` inside `path` and ends at a slash or at the end of `path`.
    /// `path` is the whole path, because the last component is cheaper to read if eight bytes before its end
    /// are readable.
    static HashedName scan(std::string_view path, const char* at);
};

namespace detail {

inline constexpr u64 LOW_BITS = 0x0101'0101'0101'0101;
inline constexpr u64 HIGH_BITS = 0x8080'8080'8080'8080;
extern constinit NameHashKey name_hash_key;

/// The rare cases, out of line: a path of fewer than eight bytes, and a component of eight bytes or more.
u64 load_short_word(const char* at, const char* end);
HashedName scan_long(std::string_view path, const char* at, u64 first_word);

/// Reads eight bytes from `at` on, padded with zeros from `end` on. Reads nothing outside [begin, end).
inline u64 load_word(const char* begin, const char* at, const char* end) {
    u64 word = 0;
    const isize left = end - at;
    if (left >= static_cast<isize>(sizeof(word))) [[likely]] {
        std::memcpy(&word, at, sizeof(word));
        return word;
    }
    if (end - begin < static_cast<isize>(sizeof(word)) || left == 0) [[unlikely]]
        return load_short_word(at, end);
    std::memcpy(&word, end - sizeof(word), sizeof(word));
    return word >> (64 - 8 * left);
}

/// Sets the highest bit of each byte that is a slash or zero. Only the lowest of these bits is reliable:
/// bytes above it may be wrong.
constexpr u64 find_stops(u64 word) {
    const u64 slashes = word ^ LOW_BITS * '/';
    return (((slashes - LOW_BITS) & ~slashes) | ((word - LOW_BITS) & ~word)) & HIGH_BITS;
}

/// The bytes of `word` below its first slash or zero.
constexpr u64 before_stop(u64 word, u64 stops) { return word & ((stops & (0 - stops)) - 1) >> 7; }

/// Multiplies by the key and combines both halves of the product, so that each bit of the word affects all
/// bits of the result (the mixing step of wyhash).
inline u64 mix(u64 state, u64 word) {
    const auto product =
        static_cast<unsigned __int128>(state ^ word ^ name_hash_key.addend) * name_hash_key.factor;
    return static_cast<u64>(product) ^ static_cast<u64>(product >> 64);
}

}  // namespace detail

inline HashedName HashedName::scan(std::string_view path, const char* at) {
    u64 word = detail::load_word(path.data(), at, path.data() + path.size());
    const u64 stops = detail::find_stops(word);
    if (stops == 0) [[unlikely]]
        return detail::scan_long(path, at, word);
    word = detail::before_stop(word, stops);
    const auto length = static_cast<usize>(std::countr_zero(stops)) / 8;
    return {{at, length}, static_cast<u32>(detail::mix(0, word)), word};
}

inline HashedName HashedName::of(std::string_view text) { return scan(text, text.data()); }

}  // namespace exo::fs
