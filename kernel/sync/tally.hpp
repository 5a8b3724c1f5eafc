// Tally: a number that one writer at a time changes and anybody may read: no lock, no locked instruction, no torn value.
#pragma once

#include <atomic>

namespace exo::sync {

/// Writers must exclude each other. Orders nothing: a reader learns this number, and of no other that belongs to it.
template <class T> class Tally {
  public:
    constexpr Tally() = default;
    explicit constexpr Tally(T value) : value_(value) {}

    T get() const { return value_.load(std::memory_order_relaxed); }
    void set(T value) { value_.store(value, std::memory_order_relaxed); }
    void add(T amount) { set(static_cast<T>(get() + amount)); }

  private:
    std::atomic<T> value_{};
};

}  // namespace exo::sync
