// Finds the fields of a structure at compile time, with the compiler's __builtin_dump_struct.
#pragma once

#include <array>
#include <type_traits>

#include "syscall/description.hpp"

namespace exo::syscall {

namespace detail {

inline constexpr usize MAX_FIELDS = 48;

/// __builtin_dump_struct calls it with the arguments that it would pass to printf. For a field: its depth as
/// blanks, type, name and value (for an array its address). For a nested structure: the same without a value,
/// and a closing brace at its end.
class FieldCollector {
  public:
    constexpr void operator()(const char*) {}  // an opening brace, or the last closing one
    constexpr void operator()(const char* format, const char*) {
        if (std::string_view(format).contains('}')) leave();
    }
    constexpr void operator()(const char*, const char*, const char*, const char* name) { enter(name); }
    template <class T>
    constexpr void operator()(const char*, const char*, const char* type, const char* name, T) {
        if constexpr (std::is_pointer_v<T>)
            add_array<std::remove_pointer_t<T>>(type, name);
        else
            add(type, name, sizeof(T), 1, std::is_signed_v<T>);
    }

    constexpr std::span<const Field> view() const { return std::span(fields).first(count); }

    std::array<Field, MAX_FIELDS> fields{};
    usize count = 0;
    usize end = 0;

  private:
    constexpr void enter(std::string_view name) { owners_[depth_++] = name; }
    constexpr void leave() { --depth_; }
    constexpr void add(std::string_view type, std::string_view name, usize size, usize elements,
                       bool is_signed) {
        end = (end + size - 1) / size * size;
        fields[count++] = {
            owners_, depth_, name, type, static_cast<u32>(end), static_cast<u32>(size * elements), is_signed};
        end += size * elements;
    }
    template <class A> constexpr void add_array(std::string_view type, std::string_view name) {
        using Element = std::remove_extent_t<A>;
        add(type, name, sizeof(Element), std::extent_v<A>, std::is_signed_v<Element>);
    }

    Field::Owners owners_{};
    u32 depth_ = 0;
};

template <class T> consteval FieldCollector fields_of() {
    T value{};
    FieldCollector collector;
    __builtin_dump_struct(&value, collector);
    return collector;
}

template <class T> inline constexpr FieldCollector FIELDS = fields_of<T>();

}  // namespace detail

/// The fields of a plain structure, in order. The fields of a nested structure replace it.
template <class T> constexpr std::span<const Field> fields() {
    static_assert((detail::FIELDS<T>.end + alignof(T) - 1) / alignof(T) * alignof(T) == sizeof(T),
                  "a field's place was not found: it is aligned otherwise than by its own size");
    return detail::FIELDS<T>.view();
}

}  // namespace exo::syscall
