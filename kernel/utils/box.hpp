// Box<T>: sole ownership. std::unique_ptr with a fallible maker.
#pragma once

#include <memory>
#include <new>

#include "utils/result.hpp"

namespace exo {

template <class T> using Box = std::unique_ptr<T>;

/// Errors: Enomem.
template <class T, class... Args> Result<Box<T>> make_box(Args&&... args) {
    T* object = new (std::nothrow) T(std::forward<Args>(args)...);
    if (object == nullptr) return Error::Enomem;
    return Box<T>(object);
}

}  // namespace exo
