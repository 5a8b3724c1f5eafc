// Vector<T>: a growable array whose growth returns Result instead of aborting.
#pragma once

#include <functional>
#include <initializer_list>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "utils/assert.hpp"
#include "utils/bits.hpp"
#include "utils/result.hpp"

namespace exo {

template <class T> class Vector {
    static_assert(std::is_nothrow_move_constructible_v<T>);

  public:
    Vector() = default;
    Vector(Vector&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)),
          size_(std::exchange(other.size_, 0)),
          capacity_(std::exchange(other.capacity_, 0)) {}
    Vector& operator=(Vector&& other) noexcept {
        if (this != &other) {
            clear_and_free();
            data_ = std::exchange(other.data_, nullptr);
            size_ = std::exchange(other.size_, 0);
            capacity_ = std::exchange(other.capacity_, 0);
        }
        return *this;
    }
    ~Vector() { clear_and_free(); }

    static Result<Vector> copy_of(std::span<const T> items) {
        Vector copy;
        TRY(copy.append(items));
        return copy;
    }

    usize size() const { return size_; }
    usize capacity() const { return capacity_; }
    bool is_empty() const { return size_ == 0; }
    T* data() { return data_; }
    const T* data() const { return data_; }
    T& operator[](usize index) {
        ASSERT(index < size_);
        return data_[index];
    }
    const T& operator[](usize index) const {
        ASSERT(index < size_);
        return data_[index];
    }
    T& back() { return (*this)[size_ - 1]; }
    const T& back() const { return (*this)[size_ - 1]; }
    T* begin() { return data_; }
    T* end() { return data_ + size_; }
    const T* begin() const { return data_; }
    const T* end() const { return data_ + size_; }
    std::span<T> span() { return {data_, size_}; }
    std::span<const T> span() const { return {data_, size_}; }

    /// Reserves capacity. Errors: Enomem; the vector is unchanged then.
    Result<> reserve(usize capacity) {
        if (capacity <= capacity_) return {};
        const auto bytes = checked_multiply(capacity, sizeof(T));
        if (!bytes) return Error::Enomem;
        void* memory = ::operator new(*bytes, std::align_val_t{alignof(T)}, std::nothrow);
        if (memory == nullptr) return Error::Enomem;
        T* data = static_cast<T*>(memory);
        std::uninitialized_move_n(data_, size_, data);
        std::destroy_n(data_, size_);
        ::operator delete(data_, std::align_val_t{alignof(T)});
        data_ = data;
        capacity_ = capacity;
        return {};
    }
    Result<> push(T item) {
        TRY(grow_for(1));
        new (&data_[size_]) T(std::move(item));
        ++size_;
        return {};
    }
    /// Appends an item without allocating. The caller has reserved the capacity.
    void push_within_capacity(T item) {
        ASSERT(size_ < capacity_);
        new (&data_[size_]) T(std::move(item));
        ++size_;
    }
    /// Appends items, which may be a part of this vector. Errors: Enomem; the vector is unchanged then.
    Result<> append(std::span<const T> items) {
        const bool is_own =
            std::greater_equal<>()(items.data(), data_) && std::less<>()(items.data(), data_ + size_);
        const usize offset = is_own ? static_cast<usize>(items.data() - data_) : 0;
        TRY(grow_for(items.size()));
        const T* source = is_own ? data_ + offset : items.data();
        std::uninitialized_copy_n(source, items.size(), data_ + size_);
        size_ += items.size();
        return {};
    }
    /// Changes the size. New items are value-initialised.
    Result<> resize(usize size) {
        if (size > size_) {
            TRY(grow_for(size - size_));
            std::uninitialized_value_construct_n(data_ + size_, size - size_);
            size_ = size;
        }
        cut(size);
        return {};
    }
    void pop() {
        ASSERT(size_ > 0);
        data_[--size_].~T();
    }
    T take_back() {
        T item = std::move(back());
        pop();
        return item;
    }
    /// Removes an item and keeps the order; O(n).
    void erase(usize index) {
        ASSERT(index < size_);
        for (usize i = index + 1; i < size_; ++i) data_[i - 1] = std::move(data_[i]);
        pop();
    }
    void clear() { cut(0); }

  private:
    Result<> grow_for(usize extra) {
        const auto needed = checked_add(size_, extra);
        if (!needed) return Error::Enomem;
        if (*needed <= capacity_) return {};
        const usize doubled = capacity_ < 4 ? 4 : capacity_ * 2;
        return reserve(*needed > doubled ? *needed : doubled);
    }
    /// Destroys the items behind the first `size`, from the last on.
    void cut(usize size) {
        if constexpr (std::is_trivially_destructible_v<T>) {
            if (size_ > size) size_ = size;
        } else {
            while (size_ > size) pop();
        }
    }
    void clear_and_free() {
        clear();
        ::operator delete(data_, std::align_val_t{alignof(T)});
        data_ = nullptr;
        capacity_ = 0;
    }

    T* data_ = nullptr;
    usize size_ = 0;
    usize capacity_ = 0;
};

}  // namespace exo
