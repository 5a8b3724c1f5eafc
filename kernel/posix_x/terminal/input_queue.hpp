// InputQueue: unread terminal input. In canonical mode it holds finished lines, then the line that is being
// edited.
#pragma once

#include <array>
#include <span>

#include "utils/assert.hpp"
#include "utils/types.hpp"

namespace exo::posix_x {

/// A position counts all bytes ever stored; the byte at position p is stored at index p modulo CAPACITY.
/// INVARIANT: tail <= line_start <= head <= tail + CAPACITY.
class InputQueue {
  public:
    static constexpr usize CAPACITY = 4096;

    u64 head() const { return head_; }
    u64 tail() const { return tail_; }
    /// The beginning of the line that is being edited. Finished input lies before it.
    u64 line_start() const { return line_start_; }
    usize size() const { return static_cast<usize>(head_ - tail_); }
    usize finished_size() const { return static_cast<usize>(line_start_ - tail_); }
    bool line_is_empty() const { return head_ == line_start_; }
    u8 at(u64 position) const { return bytes_[position % CAPACITY]; }

    /// Appends a byte. There must be room.
    void push(u8 byte) {
        DEBUG_ASSERT(size() < CAPACITY);
        bytes_[head_ % CAPACITY] = byte;
        set_mark(head_, false);
        ++head_;
    }
    /// Ends the line behind the last stored byte.
    void finish_line() {
        DEBUG_ASSERT(head_ > tail_);
        set_mark(head_ - 1, true);
        line_start_ = head_;
    }
    /// Removes the end of the edited line, down to `position`.
    void erase_to(u64 position) {
        DEBUG_ASSERT(position >= line_start_ && position <= head_);
        head_ = position;
    }
    bool ends_line(u64 position) const {
        return (marks_[position % CAPACITY / 64] >> (position % 64) & 1) != 0;
    }

    /// Removes up to out.size() bytes from the front and ignores line ends.
    usize take(std::span<u8> out) {
        usize count = 0;
        while (count < out.size() && tail_ < head_) out[count++] = bytes_[tail_++ % CAPACITY];
        if (line_start_ < tail_) line_start_ = tail_;
        return count;
    }
    /// Drops the first byte. There must be one.
    void drop_front() {
        ++tail_;
        if (line_start_ < tail_) line_start_ = tail_;
    }
    void clear() { tail_ = line_start_ = head_; }

    /// Changes between canonical and raw mode: the stored bytes become one finished line, or lose their line
    /// ends.
    void become_lines() {
        marks_ = {};
        line_start_ = tail_;
        if (head_ > tail_) finish_line();
    }
    void become_bytes() {
        marks_ = {};
        line_start_ = tail_;
    }

  private:
    void set_mark(u64 position, bool ends) {
        u64& word = marks_[position % CAPACITY / 64];
        const u64 bit = 1ULL << (position % 64);
        word = ends ? word | bit : word & ~bit;
    }

    std::array<u8, CAPACITY> bytes_{};
    std::array<u64, CAPACITY / 64> marks_{};
    u64 head_ = 0;
    u64 tail_ = 0;
    u64 line_start_ = 0;
};

}  // namespace exo::posix_x
