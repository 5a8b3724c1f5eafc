// Finds the names of types and enumerators at compile time, so that no list of names is written by hand.
//
// Clang prints template arguments in __PRETTY_FUNCTION__: an enumerator by its name, any other value as a
// cast. One function template with hundreds of values as its arguments tests all of them at once.
#pragma once

#include <array>
#include <type_traits>
#include <utility>

#include "abi/linux/flag_enum.hpp"
#include "syscall/description.hpp"

namespace exo::syscall {

namespace detail {

template <class T> consteval std::string_view spelled_type() { return __PRETTY_FUNCTION__; }
template <class Enum, Enum... VALUES> consteval std::string_view spelled_values() {
    return __PRETTY_FUNCTION__;
}

/// The part after the last `::`.
constexpr std::string_view last_part(std::string_view name) {
    const usize colon = name.rfind(':');
    return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

/// The name of one printed value; empty if it has none. Enumerators such as COUNT give a number of values and
/// are skipped.
constexpr std::string_view enumerator(std::string_view spelled) {
    if (spelled.starts_with('(')) return {};
    const std::string_view name = last_part(spelled);
    for (const char c : name)
        if (c >= 'a' && c <= 'z') return name;
    return name.size() == 1 ? name : std::string_view{};
}

template <usize CAPACITY> struct NamedValues {
    std::array<NamedValue, CAPACITY> values{};
    usize count = 0;

    constexpr std::span<const NamedValue> view() const { return std::span(values).first(count); }
    constexpr void add(const NamedValue& one) {
        for (const NamedValue& other : view())
            if (other.value == one.value) return;
        values[count++] = one;
    }
};

/// The values out of VALUES that have a name, each once.
template <class Enum, Enum... VALUES> consteval auto named_values() {
    NamedValues<sizeof...(VALUES)> found;
    constexpr std::string_view TEXT = spelled_values<Enum, VALUES...>();
    constexpr std::string_view START = "VALUES = <";
    usize at = TEXT.find(START) + START.size();
    for (const u64 value : {static_cast<u64>(VALUES)...}) {
        usize end = at;
        while (TEXT[end] != ',' && TEXT[end] != '>') ++end;
        const std::string_view name = enumerator(TEXT.substr(at, end - at));
        if (!name.empty()) found.add({name, value});
        at = end + 2;
    }
    return found;
}

/// The range of values that is searched for the enumerators of a choice.
inline constexpr i64 FIRST_CHOICE = -4;
inline constexpr usize CHOICES = 128;
/// The values that are searched for flags: all values below this, each single bit, and in 32 bits each pair
/// of bits (O_SYNC and O_TMPFILE have two).
inline constexpr usize SMALL_FLAGS = 16;

template <class Enum> consteval auto candidates_of() {
    using Word = std::underlying_type_t<Enum>;
    if constexpr (abi::FlagEnum<Enum>) {
        constexpr usize BITS = sizeof(Word) * 8;
        constexpr bool HAS_PAIRS = BITS <= 32;
        std::array<Enum, SMALL_FLAGS + (HAS_PAIRS ? BITS * (BITS + 1) / 2 : BITS)> all{};
        usize count = 0;
        while (count < SMALL_FLAGS) {
            all[count] = static_cast<Enum>(count);
            ++count;
        }
        for (usize high = 0; high < BITS; ++high)
            for (usize low = HAS_PAIRS ? 0 : high; low <= high; ++low)
                all[count++] = static_cast<Enum>(static_cast<Word>(1ULL << high | 1ULL << low));
        return all;
    } else {
        std::array<Enum, CHOICES> all{};
        for (usize i = 0; i < CHOICES; ++i)
            all[i] = static_cast<Enum>(static_cast<Word>(FIRST_CHOICE + static_cast<i64>(i)));
        return all;
    }
}

template <class Enum> consteval auto enumerators_of() {
    constexpr auto CANDIDATES = candidates_of<Enum>();
    return [&]<usize... INDEX>(std::index_sequence<INDEX...>) {
        return named_values<Enum, CANDIDATES[INDEX]...>();
    }(std::make_index_sequence<CANDIDATES.size()>{});
}

template <class Enum> inline constexpr auto ENUMERATORS = enumerators_of<Enum>();
template <auto VALUE> inline constexpr auto ONE_ENUMERATOR = named_values<decltype(VALUE), VALUE>();

/// The enumerators without bits outside of KNOWN.
template <auto KNOWN> consteval auto known_enumerators() {
    NamedValues<ENUMERATORS<decltype(KNOWN)>.count> known;
    for (const NamedValue& one : ENUMERATORS<decltype(KNOWN)>.view())
        if ((one.value & ~static_cast<u64>(KNOWN)) == 0) known.add(one);
    return known;
}
template <auto KNOWN> inline constexpr auto KNOWN_ENUMERATORS = known_enumerators<KNOWN>();

}  // namespace detail

/// The name of a type without its namespace: `Pid` for exo::syscall::Pid, `timespec` for exo::abi::timespec.
template <class T> consteval std::string_view name_of_type() {
    constexpr std::string_view TEXT = detail::spelled_type<T>();
    return detail::last_part(TEXT.substr(0, TEXT.rfind(']')));
}

/// All named values of an enumeration. For a choice: those between -4 and 123.
template <class Enum> constexpr std::span<const NamedValue> enumerators() {
    return detail::ENUMERATORS<Enum>.view();
}
template <auto KNOWN> constexpr std::span<const NamedValue> known_enumerators() {
    return detail::KNOWN_ENUMERATORS<KNOWN>.view();
}

/// A single enumerator with any value.
template <auto VALUE> consteval NamedValue enumerator() {
    static_assert(detail::ONE_ENUMERATOR<VALUE>.count == 1, "this value of the enumeration has no name");
    return detail::ONE_ENUMERATOR<VALUE>.values[0];
}

}  // namespace exo::syscall
