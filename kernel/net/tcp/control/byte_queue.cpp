#include "net/tcp/control/byte_queue.hpp"

#include <cstring>

namespace exo::net::tcp {

Result<> ByteQueue::grow() {
    Vector<Piece> larger;
    TRY(larger.resize(ring_.is_empty() ? 4 : ring_.size() * 2));
    for (u32 i = 0; i < count_; ++i) larger[i] = std::move(at(i));
    ring_ = std::move(larger);
    head_ = 0;
    return {};
}

Result<> ByteQueue::append(Slice slice) {
    if (slice.size == 0) return {};
    const u32 size = slice.size;
    if (count_ != 0) {
        Piece& last = at(count_ - 1);
        if (last.slice.chunk.get() == slice.chunk.get() &&
            last.slice.offset + last.slice.size == slice.offset) {
            last.slice.size += size;
            end_ += size;
            return {};
        }
    }
    if (count_ == ring_.size()) TRY(grow());
    Piece& piece = at(count_);
    piece.slice = std::move(slice);
    piece.position = end_;
    ++count_;
    end_ += size;
    return {};
}

Result<> ByteQueue::append_all(ByteQueue& other, u32 skip) {
    Result<> result;
    other.for_each(skip, other.size(), [&](const Slice& slice, u32 start, u32 length) {
        result = append(slice.part(start, length));
        return result.has_value();
    });
    return result;
}

void ByteQueue::drop(u32 bytes) {
    DEBUG_ASSERT(bytes <= size());
    start_ += bytes;
    while (count_ != 0) {
        Piece& first = at(0);
        if (first.position + first.slice.size > start_) break;
        first.slice = {};
        head_ = (head_ + 1) & static_cast<u32>(ring_.size() - 1);
        --count_;
    }
}

void ByteQueue::shrink() {
    constexpr u32 KEPT = 16;
    if (count_ == 0 && ring_.size() > KEPT) ring_ = {};
}

u32 ByteQueue::find(u64 position) const {
    // The first and the last piece are what is asked for most.
    if (position < at(0).position + at(0).slice.size) return 0;
    if (position >= at(count_ - 1).position) return count_ - 1;
    u32 low = 0;
    u32 high = count_ - 1;
    while (low + 1 < high) {
        const u32 middle = (low + high) / 2;
        if (at(middle).position <= position)
            low = middle;
        else
            high = middle;
    }
    return low;
}

u32 ByteQueue::size_in_pieces(u32 offset, u32 length, u32 pieces) const {
    if (count_ <= pieces) return length;
    u32 sum = 0;
    for_each(offset, length, [&](const Slice&, u32, u32 part) {
        sum += part;
        return --pieces != 0;
    });
    return sum;
}

Result<std::span<u8>> ChunkFiller::room(u32 wanted) {
    if (!chunk_ || used_ == chunk_->capacity()) {
        chunk_ = TRY(ChunkRef::create(std::clamp(wanted, next_capacity_, Chunk::USUAL_BYTES)));
        used_ = 0;
        // A stream of small pieces gets larger chunks by and by, so that a segment needs few of them.
        next_capacity_ = std::min(next_capacity_ * 2, MEDIUM);
    }
    return std::span<u8>(chunk_->bytes() + used_, std::min(wanted, chunk_->capacity() - used_));
}

Result<> ChunkFiller::append_copy(ByteQueue& queue, std::span<const u8> bytes) {
    while (!bytes.empty()) {
        const std::span<u8> to = TRY(room(static_cast<u32>(bytes.size())));
        std::memcpy(to.data(), bytes.data(), to.size());
        TRY(queue.append(take(static_cast<u32>(to.size()))));
        bytes = bytes.subspan(to.size());
    }
    return {};
}

}  // namespace exo::net::tcp
