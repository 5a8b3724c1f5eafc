#include "vm/io_buffer.hpp"

#include <algorithm>
#include <cstring>

#include "arch/interface.hpp"
#include "memory/layout.hpp"

namespace exo::vm {

namespace detail {

BufferCursor::BufferCursor(std::span<const UserSegment> segments) : is_user_(true), segments_(segments) {
    for (const UserSegment& segment : segments) remaining_ += segment.size;
}

Result<> BufferCursor::check() const {
    if (!is_user_) return {};
    if (!memory::is_user_range(single_.address, single_.size)) return Error::Efault;
    for (const UserSegment& segment : segments_)
        if (!memory::is_user_range(segment.address, segment.size)) return Error::Efault;
    return {};
}

template <class KernelMove, class UserMove>
Result<usize> BufferCursor::advance(usize limit, KernelMove&& kernel_move, UserMove&& user_move) {
    const usize wanted = std::min(limit, remaining_);
    if (wanted == 0) return 0uz;
    if (!is_user_) {
        kernel_move(kernel_, wanted);
        kernel_ += wanted;
        remaining_ -= wanted;
        return wanted;
    }
    if (wanted <= single_.size) [[likely]] {  // within one piece, as most are
        const u64 address = single_.address;
        if (!memory::is_user_range(address, wanted)) return Error::Efault;
        const usize moved = wanted - user_move(address, 0, wanted);
        if (moved == 0) return Error::Efault;
        remaining_ -= moved;
        single_ = {address + moved, single_.size - moved};
        return moved;
    }
    return advance_pieces(wanted, user_move);
}

template <class UserMove>
[[gnu::noinline]] Result<usize> BufferCursor::advance_pieces(usize wanted, UserMove user_move) {
    UserSegment piece = single_;
    const UserSegment* next = segments_.data();
    const UserSegment* const end = next + segments_.size();
    usize done = 0;
    while (true) {
        const usize size = std::min(piece.size, wanted - done);
        if (size != 0) {
            const bool is_valid = memory::is_user_range(piece.address, size);
            const usize left = is_valid ? user_move(piece.address, done, size) : size;
            piece.address += size - left;
            piece.size -= size - left;
            done += size - left;
            if (left != 0) break;
        }
        if (done == wanted || next == end) break;
        piece = *next++;
    }
    single_ = piece;
    segments_ = {next, end};
    remaining_ -= done;
    if (done == 0) return Error::Efault;
    return done;
}

}  // namespace detail

Result<usize> OutBuffer::write(std::span<const u8> bytes) {
    return cursor_.advance(
        bytes.size(), [bytes](u8* to, usize size) { std::memcpy(to, bytes.data(), size); },
        [bytes](u64 to, usize offset, usize size) {
            return arch::copy_to_user(to, bytes.data() + offset, size);
        });
}

Result<usize> OutBuffer::write_zeros(usize count) {
    return cursor_.advance(
        count, [](u8* to, usize size) { std::memset(to, 0, size); },
        [](u64 to, usize, usize size) { return arch::zero_user(to, size); });
}

Result<usize> InBuffer::read(std::span<u8> bytes) {
    return cursor_.advance(
        // Both may be pieces of one page of a file that is sent to itself.
        bytes.size(), [bytes](const u8* from, usize size) { std::memmove(bytes.data(), from, size); },
        [bytes](u64 from, usize offset, usize size) {
            return arch::copy_from_user(bytes.data() + offset, from, size);
        });
}

}  // namespace exo::vm
