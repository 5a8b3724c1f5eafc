// Result<T> and TRY: error handling without exceptions and without sentinel values.
//
//   Result<KernelStack> KernelStack::create() {
//       Frame frame = TRY(allocate_frame());
//       return KernelStack{std::move(frame)};
//   }
#pragma once

#include <expected>
#include <type_traits>
#include <utility>

#include "utils/error.hpp"

namespace exo {

/// A value of type T or an Error. `Result<T&>` is ill-formed by design: return a pointer or a Ref.
template <class T = void> struct [[nodiscard]] Result : std::expected<T, Error> {
    using std::expected<T, Error>::expected;
    constexpr Result(Error error) : std::expected<T, Error>(std::unexpect, error) {}
};

/// Makes the return value of a function that failed: `return fail(Error::Enoent);`. (An Error also converts
/// implicitly.)
constexpr std::unexpected<Error> fail(Error error) { return std::unexpected<Error>(error); }

namespace detail {
template <class T> constexpr T take(std::expected<T, Error>& result) {
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}
}  // namespace detail

}  // namespace exo

#define EXO_CONCAT_(a, b) a##b
#define EXO_CONCAT(a, b) EXO_CONCAT_(a, b)

/// Evaluates to the value of a Result, or returns its error from the enclosing function.
#define TRY(...) EXO_TRY_(EXO_CONCAT(try_result_, __COUNTER__), __VA_ARGS__)
#define EXO_TRY_(name, ...)                                       \
    __extension__({                                               \
        auto name = (__VA_ARGS__);                                \
        if (!name.has_value()) [[unlikely]]                       \
            return ::std::unexpected<::exo::Error>(name.error()); \
        ::exo::detail::take(name);                                \
    })
