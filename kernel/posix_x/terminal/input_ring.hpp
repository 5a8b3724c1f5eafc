// InputRing: typed bytes on their way from the interrupt handler to the terminal's thread.
#pragma once

#include <array>
#include <atomic>
#include <span>

#include "utils/types.hpp"

namespace exo::posix_x {

/// One producer (the driver), one consumer (the terminal's thread).
/// INVARIANT: tail_ - head_ <= CAPACITY (modulo 2^32).
class InputRing {
  public:
    static constexpr u32 CAPACITY = 4096;

    /// Returns how many bytes fitted.
    usize push(std::span<const u8> bytes) {
        const u32 tail = tail_.load(std::memory_order_relaxed);
        // acquire: pairs with the release in drop; the places are ours again
        const u32 room = CAPACITY - (tail - head_.load(std::memory_order_acquire));
        const u32 count = bytes.size() < room ? static_cast<u32>(bytes.size()) : room;
        for (u32 i = 0; i < count; ++i) bytes_[(tail + i) % CAPACITY] = bytes[i];
        tail_.store(tail + count, std::memory_order_release);  // publishes the bytes
        return count;
    }
    /// A piece at the front, in one.
    std::span<const u8> front() const {
        const u32 head = head_.load(std::memory_order_relaxed);
        // acquire: pairs with the release in push
        const u32 size = tail_.load(std::memory_order_acquire) - head;
        const u32 start = head % CAPACITY;
        return {&bytes_[start], size < CAPACITY - start ? size : CAPACITY - start};
    }
    void drop(usize count) {
        // release: pairs with the acquire in push
        head_.store(head_.load(std::memory_order_relaxed) + static_cast<u32>(count), std::memory_order_release);
    }

  private:
    std::array<u8, CAPACITY> bytes_{};
    std::atomic<u32> head_{0};
    std::atomic<u32> tail_{0};
};

}  // namespace exo::posix_x
