// Box<T>: sole ownership of an object: std::unique_ptr, with a make function that can fail.
#pragma once

#include <memory>
#include <new>

#include "utils/result.hpp"

namespace exo {

template <class T> using Box = std::unique_ptr<T>;

/// Makes an object. Errors: Enomem.
template <class T, class... Args> Result<Box<T>> make_box(Args&&... args) {
    T* object = new (std::nothrow) T(std::forward<Args>(args)...);
    if (object == nullptr) return Error::Enomem;
    return Box<T>(object);
}

}  // namespace exo
