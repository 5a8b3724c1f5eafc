// A small formatter with strings checked at compile time: format_to(sink, "frame {:x} of {}", a, n).
//
// Placeholders: {} any; {:x} hexadecimal; {:NN} minimal width, blank-filled left of numbers and right of
// text; {:0NN} zero-filled; {:0NNx}. "{{" and "}}" are the braces themselves. No floating point.
#pragma once

#include <concepts>
#include <span>
#include <string_view>
#include <type_traits>

#include "utils/function_ref.hpp"
#include "utils/string.hpp"
#include "utils/types.hpp"

namespace exo {

using FormatSink = FunctionRef<void(std::string_view)>;

namespace detail {

enum class ArgumentKind : u8 { Unsigned, Signed, Text, Character, Boolean, Pointer };

struct FormatArgument {
    ArgumentKind kind;
    u64 number = 0;
    std::string_view text{};
    u8 bits = 64;  ///< For a signed number: how many bits the hexadecimal form shows.
};

template <class T> FormatArgument format_argument(const T& value) {
    if constexpr (std::is_same_v<T, bool>)
        return {ArgumentKind::Boolean, value ? 1ULL : 0ULL, {}};
    else if constexpr (std::is_same_v<T, char>)
        return {ArgumentKind::Character, static_cast<u64>(static_cast<u8>(value)), {}};
    else if constexpr (std::is_enum_v<T>)
        return {ArgumentKind::Unsigned, static_cast<u64>(value), {}};
    else if constexpr (std::signed_integral<T>)
        return {ArgumentKind::Signed, static_cast<u64>(static_cast<i64>(value)), {}, sizeof(T) * 8};
    else if constexpr (std::unsigned_integral<T>)
        return {ArgumentKind::Unsigned, static_cast<u64>(value), {}};
    else if constexpr (std::is_convertible_v<const T&, std::string_view>)
        return {ArgumentKind::Text, 0, std::string_view(value)};
    else {
        static_assert(std::is_pointer_v<T>, "a type that format cannot print");
        return {ArgumentKind::Pointer, reinterpret_cast<u64>(value), {}};
    }
}

void format_arguments(FormatSink sink, std::string_view pattern, std::span<const FormatArgument> arguments);

// Never defined. If the compiler evaluates a call, the function's name is the error message.
void format_string_has_unbalanced_brace();
void format_string_has_bad_placeholder();
void format_string_has_wrong_number_of_arguments();

/// Counts the placeholders. A malformed pattern does not compile.
consteval usize count_placeholders(std::string_view pattern) {
    usize count = 0;
    for (usize i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '}') {
            if (i + 1 >= pattern.size() || pattern[i + 1] != '}') format_string_has_unbalanced_brace();
            ++i;
        } else if (pattern[i] == '{') {
            if (i + 1 < pattern.size() && pattern[i + 1] == '{') {
                ++i;
                continue;
            }
            ++i;
            if (i < pattern.size() && pattern[i] == ':') {
                ++i;
                while (i < pattern.size() && pattern[i] >= '0' && pattern[i] <= '9') ++i;
                if (i < pattern.size() && pattern[i] == 'x') ++i;
            }
            if (i >= pattern.size() || pattern[i] != '}') format_string_has_bad_placeholder();
            ++count;
        }
    }
    return count;
}

}  // namespace detail

template <class... Args> struct FormatString {
    template <usize N>
    consteval FormatString(const char (&text)[N])
        : pattern(text, N - 1) {  // NOLINT(google-explicit-constructor)
        if (detail::count_placeholders(pattern) != sizeof...(Args))
            detail::format_string_has_wrong_number_of_arguments();
    }
    std::string_view pattern;
};

template <class... Args>
void format_to(FormatSink sink, FormatString<std::type_identity_t<Args>...> format, const Args&... args) {
    const detail::FormatArgument arguments[sizeof...(Args) + 1] = {detail::format_argument(args)...,
                                                                   {detail::ArgumentKind::Unsigned}};
    detail::format_arguments(sink, format.pattern, {arguments, sizeof...(Args)});
}

/// Appends formatted text to `out`. Errors: Enomem; `out` may then contain a part.
template <class... Args>
Result<> format_append(String& out, FormatString<std::type_identity_t<Args>...> format, const Args&... args) {
    Result<> result;
    format_to(
        [&](std::string_view text) {
            if (result) result = out.append(text);
        },
        format, args...);
    return result;
}

}  // namespace exo
