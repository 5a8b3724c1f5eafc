// FunctionRef: a reference to a callable, two words long. It never allocates. The callable must outlive the
// call.
#pragma once

#include <type_traits>
#include <utility>

namespace exo {

template <class Signature> class FunctionRef;

template <class R, class... Args> class FunctionRef<R(Args...)> {
  public:
    template <class F>
        requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef> &&
                 std::is_invocable_r_v<R, F&, Args...>)
    FunctionRef(F&& callable) {  // NOLINT(google-explicit-constructor): a parameter type
        using Callable = std::remove_reference_t<F>;
        if constexpr (std::is_function_v<Callable>) {
            // SAFETY: the address of a function is converted to void* and back unchanged.
            object_ = reinterpret_cast<void*>(&callable);
            call_ = [](void* object, Args... args) -> R {
                return reinterpret_cast<Callable*>(object)(std::forward<Args>(args)...);
            };
        } else {
            object_ = const_cast<void*>(static_cast<const void*>(&callable));
            call_ = [](void* object, Args... args) -> R {
                return (*static_cast<Callable*>(object))(std::forward<Args>(args)...);
            };
        }
    }

    R operator()(Args... args) const { return call_(object_, std::forward<Args>(args)...); }

  private:
    void* object_;
    R (*call_)(void*, Args...);
};

}  // namespace exo
