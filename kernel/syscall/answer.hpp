// Answer<T>: the result type of a system call handler. T says what the returned integer means.
#pragma once

#include "syscall/argument.hpp"
#include "utils/result.hpp"

namespace exo::syscall {

namespace detail {
template <class T> struct WordOf {
    using Type = T::Word;
};
template <class T>
    requires std::is_enum_v<T>
struct WordOf<T> {
    using Type = std::underlying_type_t<T>;
};
}  // namespace detail

/// The integer of the type T, or an Error. A call that returns nothing but 0 has Result<> instead.
template <class T> struct [[nodiscard]] Answer : Result<typename detail::WordOf<T>::Type> {
    using Plain = Result<typename detail::WordOf<T>::Type>;
    using Plain::Plain;
    constexpr Answer(const Plain& result) : Plain(result) {}  // NOLINT(google-explicit-constructor)
};

/// Marks an answer whose meaning depends on the command.
struct ByCommand {
    using Word = u64;
    static constexpr Description DESCRIPTION{.kind = Kind::ByCommand, .size = sizeof(u64)};
};

template <class R> struct AnswerOf {
    static_assert(
        false,
        "the answer of a system call must say what it is: return Result<> or Answer<T> with a type of "
        "syscall/numbers.hpp, pointers.hpp or an enumeration");
    static constexpr Description DESCRIPTION{};
};
template <> struct AnswerOf<Result<>> {
    static constexpr Description DESCRIPTION{};
};
template <class T> struct AnswerOf<Answer<T>> {
    static constexpr Description DESCRIPTION = Argument<T>::DESCRIPTION;
};
template <> struct AnswerOf<Answer<ByCommand>> {
    static constexpr Description DESCRIPTION = ByCommand::DESCRIPTION;
};

}  // namespace exo::syscall
