// InputQueue: what was typed and not yet read. Canonical input consists of finished lines, then one being edited.
#pragma once

#include <array>
#include <span>

#include "utils/assert.hpp"
#include "utils/types.hpp"

namespace exo::posix_x {

/// Positions count bytes ever stored; the byte at position p lies at p modulo CAPACITY.
/// INVARIANT: tail <= line_start <= head <= tail + CAPACITY.
class InputQueue {
  public:
    static constexpr usize CAPACITY = 4096;

    u64 head() const { return head_; }
    u64 tail() const { return tail_; }
    /// Where the line begins that is being edited; finished input lies before it.
    u64 line_start() const { return line_start_; }
    usize size() const { return static_cast<usize>(head_ - tail_); }
    usize finished_size() const { return static_cast<usize>(line_start_ - tail_); }
    bool line_is_empty() const { return head_ == line_start_; }
    u8 at(u64 position) const { return bytes_[position % CAPACITY]; }

    /// There must be room.
    void push(u8 byte) {
        DEBUG_ASSERT(size() < CAPACITY);
        bytes_[head_ % CAPACITY] = byte;
        set_mark(head_, false);
        ++head_;
    }
    /// The last byte stored ends a line; what is typed next belongs to another.
    void finish_line() {
        DEBUG_ASSERT(head_ > tail_);
        set_mark(head_ - 1, true);
        line_start_ = head_;
    }
    /// Takes back the edited line's end, down to `position`.
    void erase_to(u64 position) {
        DEBUG_ASSERT(position >= line_start_ && position <= head_);
        head_ = position;
    }
    bool ends_line(u64 position) const {
        return (marks_[position % CAPACITY / 64] >> (position % 64) & 1) != 0;
    }

    /// Copies from the front up to out.size() bytes; line ends mean nothing.
    usize take(std::span<u8> out) {
        usize count = 0;
        while (count < out.size() && tail_ < head_) out[count++] = bytes_[tail_++ % CAPACITY];
        if (line_start_ < tail_) line_start_ = tail_;
        return count;
    }
    /// Drops the first byte, which must be there.
    void drop_front() {
        ++tail_;
        if (line_start_ < tail_) line_start_ = tail_;
    }
    void clear() { tail_ = line_start_ = head_; }

    /// The terminal changes between lines and bytes: what is there becomes one finished line, or loses its lines.
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
