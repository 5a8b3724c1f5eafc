// FixedVector<T, N>: up to N items stored in the object itself, for code that runs before there is a heap.
#pragma once

#include <array>
#include <span>
#include <type_traits>

#include "utils/assert.hpp"
#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo {

template <class T, usize N> class FixedVector {
    static_assert(std::is_trivially_copyable_v<T> && N > 0);

  public:
    constexpr FixedVector() = default;

    static constexpr usize capacity() { return N; }
    constexpr usize size() const { return size_; }
    constexpr bool is_empty() const { return size_ == 0; }
    constexpr bool is_full() const { return size_ == N; }
    constexpr T& operator[](usize index) {
        ASSERT(index < size_);
        return items_[index];
    }
    constexpr const T& operator[](usize index) const {
        ASSERT(index < size_);
        return items_[index];
    }
    constexpr T& back() { return (*this)[size_ - 1]; }
    constexpr T* begin() { return items_.data(); }
    constexpr T* end() { return items_.data() + size_; }
    constexpr const T* begin() const { return items_.data(); }
    constexpr const T* end() const { return items_.data() + size_; }
    constexpr std::span<const T> span() const { return {items_.data(), size_}; }

    /// Appends an item. Errors: Enospc; nothing is changed then.
    constexpr Result<> push(const T& item) {
        if (is_full()) return Error::Enospc;
        items_[size_++] = item;
        return {};
    }
    /// Inserts an item before position `index` (at most size()). Errors: Enospc; nothing is changed then.
    constexpr Result<> insert(usize index, const T& item) {
        ASSERT(index <= size_);
        if (is_full()) return Error::Enospc;
        for (usize i = size_; i > index; --i) items_[i] = items_[i - 1];
        items_[index] = item;
        ++size_;
        return {};
    }
    /// Removes an item and keeps the order; O(n).
    constexpr void erase(usize index) {
        ASSERT(index < size_);
        for (usize i = index + 1; i < size_; ++i) items_[i - 1] = items_[i];
        --size_;
    }
    constexpr void clear() { size_ = 0; }

  private:
    std::array<T, N> items_{};
    usize size_ = 0;
};

}  // namespace exo
