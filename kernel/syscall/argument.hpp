// Argument<T>: converts a register to a handler's parameter of type T, and describes the parameter to tools.
//
// Every type of a handler's parameter has an Argument. Bare integers have none, so that a parameter's type
// always says what it means (numbers.hpp, pointers.hpp, commands.hpp, or an enumeration).
#pragma once

#include <concepts>
#include <type_traits>

#include "syscall/enumerators.hpp"
#include "syscall/structures.hpp"
#include "vm/user_memory.hpp"

namespace exo::syscall {

/// Types with a description of their own. They are constructed from the raw word.
template <class T>
concept SelfDescribing = requires {
    { T::DESCRIPTION } -> std::convertible_to<Description>;
};

/// `decode` never fails: it only changes the type of the word.
template <class T> struct Argument {
    static_assert(SelfDescribing<T>,
                  "a parameter of a system call must say what it is: take a type of syscall/numbers.hpp, "
                  "pointers.hpp or commands.hpp, or an enumeration, instead of this one");
    static constexpr Description DESCRIPTION{};
    static constexpr T decode(u64 word) { return static_cast<T>(word); }
};

template <SelfDescribing T> struct Argument<T> {
    static constexpr Description DESCRIPTION = T::DESCRIPTION;
    static constexpr T decode(u64 word) { return T::from_word(word); }
};

/// An enumeration: one of its values, or flags if it is declared so (abi/linux/flag_enum.hpp).
template <class T>
    requires std::is_enum_v<T>
struct Argument<T> {
    static constexpr Description DESCRIPTION{.kind = abi::FlagEnum<T> ? Kind::Flags : Kind::Choice,
                                             .size = sizeof(T),
                                             .is_signed = std::is_signed_v<std::underlying_type_t<T>>,
                                             .type = name_of_type<T>(),
                                             .values = enumerators<T>()};
    static constexpr T decode(u64 word) { return static_cast<T>(word); }
};

/// Does not compile for a T without an Argument. Every class with a parameter T uses it, because builds
/// without descriptions would not notice the error.
template <class T> inline constexpr bool SAYS_WHAT_IT_IS = sizeof(Argument<T>) != 0;

/// A type in memory: a structure, or any type that may also be in a register.
template <class T> struct Pointee {
    static_assert(SAYS_WHAT_IT_IS<T>);
    static constexpr Description DESCRIPTION = Argument<T>::DESCRIPTION;
};

template <class T>
    requires(std::is_class_v<T> && !SelfDescribing<T>)
struct Pointee<T> {
    static constexpr Description DESCRIPTION{
        .kind = Kind::Structure, .size = sizeof(T), .type = name_of_type<T>(), .fields = fields<T>()};
};

template <class T> inline constexpr bool POINTEE_SAYS_WHAT_IT_IS = sizeof(Pointee<T>) != 0;

template <class T> constexpr Description describe_pointer(Direction direction) {
    return {.kind = Kind::Pointer, .direction = direction, .element = &Pointee<T>::DESCRIPTION};
}

template <class T> struct Argument<vm::UserIn<T>> {
    static_assert(POINTEE_SAYS_WHAT_IT_IS<T>);
    static constexpr Description DESCRIPTION = describe_pointer<T>(Direction::In);
    static constexpr vm::UserIn<T> decode(u64 word) { return vm::UserIn<T>(word); }
};

template <class T> struct Argument<vm::UserOut<T>> {
    static_assert(POINTEE_SAYS_WHAT_IT_IS<T>);
    static constexpr Description DESCRIPTION = describe_pointer<T>(Direction::Out);
    static constexpr vm::UserOut<T> decode(u64 word) { return vm::UserOut<T>(word); }
};

template <class T> struct Argument<vm::UserInOut<T>> {
    static_assert(POINTEE_SAYS_WHAT_IT_IS<T>);
    static constexpr Description DESCRIPTION = describe_pointer<T>(Direction::Inout);
    static constexpr vm::UserInOut<T> decode(u64 word) { return vm::UserInOut<T>(word); }
};

/// A pointer that may be null, in which case the call does without it.
template <class P> struct OrNull : P {
    using P::P;
    constexpr OrNull(P pointer)
        : P(pointer) {}  // NOLINT(google-explicit-constructor): the same in another type
};

template <class P> struct Argument<OrNull<P>> {
    static_assert(SAYS_WHAT_IT_IS<P>);
    static constexpr Description DESCRIPTION = [] {
        Description description = Argument<P>::DESCRIPTION;
        description.may_be_null = true;
        return description;
    }();
    static constexpr OrNull<P> decode(u64 word) { return OrNull<P>(Argument<P>::decode(word)); }
};

/// The name of an enumerator that narrows a kind; empty for nullptr, which narrows nothing.
template <auto WHICH> consteval std::string_view name_of_use() {
    if constexpr (std::is_enum_v<decltype(WHICH)>)
        return enumerator<WHICH>().name;
    else
        return {};
}

}  // namespace exo::syscall
