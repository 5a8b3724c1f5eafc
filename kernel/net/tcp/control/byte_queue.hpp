// ByteQueue: bytes of a stream as slices, first in, first out. The queue for transmission and the queues of received bytes
// are ByteQueues. ChunkFiller: fills chunks with bytes that are copied.
//
// Locking: the owner's. A ChunkFiller may be used without the lock of the queue that gets its slices, because bytes that a
// slice shows do not change when more are added behind them.
#pragma once

#include <algorithm>

#include "net/packet/packet.hpp"
#include "utils/vector.hpp"

namespace exo::net::tcp {

class ByteQueue {
  public:
    ByteQueue() = default;

    u32 size() const { return static_cast<u32>(end_ - start_); }
    bool is_empty() const { return end_ == start_; }
    u32 piece_count() const { return count_; }

    /// Appends a slice, which is joined with the last one if it continues that. Errors: Enomem.
    Result<> append(Slice slice);
    /// Moves all bytes of `other` from `skip` on to the end of this queue. Errors: Enomem; some bytes may have been moved.
    Result<> append_all(ByteQueue& other, u32 skip);
    /// Removes the first `bytes` bytes, of which there are as many.
    void drop(u32 bytes);
    void clear() { drop(size()); }
    /// Frees the memory for the slices of an empty queue, if it is much.
    void shrink();

    /// Calls visit(const Slice&, u32 start, u32 length) with the pieces of up to `length` bytes from `offset` on, until it returns
    /// false.
    template <class Visit> void for_each(u32 offset, u32 length, Visit visit) const {
        length = std::min(length, offset < size() ? size() - offset : 0);
        if (length == 0) return;
        u64 position = start_ + offset;
        for (u32 i = find(position); length != 0 && i < count_; ++i) {
            const Piece& piece = at(i);
            const u32 skip = static_cast<u32>(position - piece.position);
            const u32 part = std::min(piece.slice.size - skip, length);
            if (!visit(piece.slice, skip, part)) return;
            position += part;
            length -= part;
        }
    }
    /// How many of the `length` bytes from `offset` on are in the first `pieces` slices.
    u32 size_in_pieces(u32 offset, u32 length, u32 pieces) const;

  private:
    struct Piece {
        Slice slice;
        u64 position = 0;
    };
    Piece& at(u32 index) { return ring_.data()[(head_ + index) & (ring_.size() - 1)]; }
    const Piece& at(u32 index) const { return ring_.data()[(head_ + index) & (ring_.size() - 1)]; }
    /// The piece with the byte at `position`.
    u32 find(u64 position) const;
    Result<> grow();

    Vector<Piece> ring_;  ///< Its size is a power of two.
    u32 head_ = 0;
    u32 count_ = 0;
    u64 start_ =
        0;  ///< The stream position of the first byte. A piece before it may have a part in front that was dropped.
    u64 end_ = 0;
};

class ChunkFiller {
  public:
    /// The capacity of a chunk for a few bytes: the heap has 256 bytes at hand for it and its head.
    static constexpr u32 SMALL = 240;
    static constexpr u32 MEDIUM = 2032;

    /// Room for up to `wanted` bytes (at least one), in the present chunk or in a new one of a fitting size. Errors: Enomem.
    Result<std::span<u8>> room(u32 wanted);
    /// The slice for the first `size` bytes of the room, which have been filled.
    Slice take(u32 size) {
        used_ += size;
        return {chunk_, used_ - size, size};
    }
    /// Appends a copy of the bytes to a queue. Errors: Enomem.
    Result<> append_copy(ByteQueue& queue, std::span<const u8> bytes);

  private:
    ChunkRef chunk_;
    u32 used_ = 0;
    u32 next_capacity_ = SMALL;
};

}  // namespace exo::net::tcp
