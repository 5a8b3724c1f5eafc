// ByteQueue: the bytes in transit between both sides of a pseudo-terminal. It allocates pages when bytes
// arrive and frees them when they were read. It has no lock.
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
    /// The memory of its pages.
    usize held_bytes() const;
    /// Appends bytes. Returns how many: fewer when the queue is full or memory is short.
    usize push(std::span<const u8> bytes);
    /// Removes bytes from the front. Returns how many.
    usize pop(std::span<u8> to);
    void clear();
    /// Drops all bytes after the first `size`.
    void cut(usize size);

  private:
    static constexpr usize PAGES = CAPACITY / PAGE_SIZE;

    std::array<memory::FrameRef, PAGES> pages_;  ///< A ring of pages. A page without bytes is not allocated.
    usize start_ = 0;
    usize size_ = 0;
};

}  // namespace exo::posix_x
