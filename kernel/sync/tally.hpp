// Tally: a number that one writer at a time changes and any thread may read, without a lock or a locked
// instruction.
#pragma once

#include <atomic>

namespace exo::sync {

/// Writers must exclude each other. A read gives no ordering: it says nothing about other data.
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
