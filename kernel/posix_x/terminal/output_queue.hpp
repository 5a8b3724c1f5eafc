// OutputQueue: processed bytes that the driver has not taken yet.
#pragma once

#include <algorithm>
#include <array>
#include <span>

#include "utils/types.hpp"

namespace exo::posix_x {

class OutputQueue {
  public:
    static constexpr usize CAPACITY = 8192;
    /// The part that writes of programs may fill. The rest is reserved for echo, which cannot wait for room.
    /// LINUX: its ring of 4096 bytes keeps one place free.
    static constexpr usize PROGRAM_LIMIT = 4095;

    usize size() const { return size_; }
    bool is_empty() const { return size_ == 0; }
    usize program_room() const { return size_ < PROGRAM_LIMIT ? PROGRAM_LIMIT - size_ : 0; }
    usize echo_room() const { return CAPACITY - size_; }

    /// Appends a byte. Returns false if the queue is full.
    bool push(u8 byte) {
        if (size_ == CAPACITY) return false;
        bytes_[(start_ + size_) % CAPACITY] = byte;
        ++size_;
        return true;
    }
    /// The bytes at the front that are contiguous in memory.
    std::span<const u8> front() const { return {&bytes_[start_], std::min(size_, CAPACITY - start_)}; }
    void drop(usize count) {
        start_ = (start_ + count) % CAPACITY;
        size_ -= count;
    }
    void clear() { drop(size_); }

  private:
    std::array<u8, CAPACITY> bytes_{};
    usize start_ = 0;
    usize size_ = 0;
};

}  // namespace exo::posix_x
