// ByteQueue: bytes on their way between the two sides of a pseudo-terminal, in pages that come when needed and go when read.
// Not locked.
#pragma once

#include <array>
#include <span>

#include "memory/physical/frame_ref.hpp"

namespace exo::posix_x {

class ByteQueue {
  public:
    /// LINUX: the limit of a tty_buffer.
    static constexpr usize CAPACITY = 65536;

    usize size() const { return size_; }
    bool is_empty() const { return size_ == 0; }
    bool is_full() const { return size_ == CAPACITY; }
    /// Of its pages.
    usize held_bytes() const;
    /// Puts bytes last, and returns how many: fewer when it is full, or when memory is short.
    usize push(std::span<const u8> bytes);
    /// Takes bytes from the front, and returns how many.
    usize pop(std::span<u8> to);
    void clear();
    /// Drops what is behind the first `size` bytes.
    void cut(usize size);

  private:
    static constexpr usize PAGES = CAPACITY / PAGE_SIZE;

    std::array<memory::FrameRef, PAGES> pages_;  ///< A ring; a page without a byte in it is not there.
    usize start_ = 0;
    usize size_ = 0;
};

}  // namespace exo::posix_x
