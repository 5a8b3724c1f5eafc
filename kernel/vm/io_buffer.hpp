// OutBuffer: the destination of a read(2). InBuffer: the source of a write(2). Either refers to a user
// address range, a list of them (readv, writev), or kernel memory; the code that moves the bytes does not
// need to know which.
//
// A buffer keeps its position: each call continues where the last one stopped. If user memory faults in the
// middle, the call returns the short count, as Linux does. It fails with Efault only if it moved nothing.
//
// Locking: a copy may fault pages in. No lock that the fault path takes (AddressSpace and later ranks) may be
// held across a call; hold a FrameRef on the page instead. Code that must hold such a lock uses
// `FaultsDisabled` (user_memory.hpp), which turns a fault into a short count.
#pragma once

#include <span>

#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo::vm {

/// An imported iovec.
struct UserSegment {
    u64 address;
    usize size;
};

namespace detail {

/// A position in user segments or in one piece of kernel memory.
class BufferCursor {
  public:
    BufferCursor(u8* kernel, usize size) : kernel_(kernel), remaining_(size) {}
    BufferCursor(u64 address, usize size) : is_user_(true), single_{address, size}, remaining_(size) {}
    explicit BufferCursor(std::span<const UserSegment> segments);

    usize remaining() const { return remaining_; }
    bool is_user() const { return is_user_; }
    Result<> check() const;
    /// Moves up to `limit` bytes from the front. It calls one function for kernel memory (u8*, size), and one
    /// for user memory (address, size) that returns how many bytes it did NOT move.
    template <class KernelMove, class UserMove>
    Result<usize> advance(usize limit, KernelMove&& kernel_move, UserMove&& user_move);

  private:
    template <class UserMove> Result<usize> advance_pieces(usize wanted, UserMove user_move);

    bool is_user_ = false;
    u8* kernel_ = nullptr;
    UserSegment single_{};
    std::span<const UserSegment> segments_{};  ///< The segments behind single_.
    usize remaining_ = 0;
};

}  // namespace detail

class OutBuffer {
  public:
    static OutBuffer from_user(u64 address, usize size) { return OutBuffer({address, size}); }
    /// `segments` must outlive the buffer.
    static OutBuffer from_segments(std::span<const UserSegment> segments) {
        return OutBuffer(detail::BufferCursor(segments));
    }
    static OutBuffer from_kernel(std::span<u8> memory) { return OutBuffer({memory.data(), memory.size()}); }

    usize remaining() const { return cursor_.remaining(); }
    bool is_user() const { return cursor_.is_user(); }
    /// Checks that the whole buffer lies in the user half. Callers use it before an operation that might
    /// block. Errors: Efault.
    Result<> check() const { return cursor_.check(); }

    /// Copies min(bytes.size(), remaining()) bytes, or fewer when user memory faults. Errors: Efault (nothing
    /// was copied).
    Result<usize> write(std::span<const u8> bytes);
    /// Writes `count` zeros, or fewer when user memory faults. Errors: Efault (nothing was written).
    Result<usize> write_zeros(usize count);

  private:
    explicit OutBuffer(detail::BufferCursor cursor) : cursor_(cursor) {}
    detail::BufferCursor cursor_;
};

class InBuffer {
  public:
    static InBuffer from_user(u64 address, usize size) { return InBuffer({address, size}); }
    /// `segments` must outlive the buffer.
    static InBuffer from_segments(std::span<const UserSegment> segments) {
        return InBuffer(detail::BufferCursor(segments));
    }
    static InBuffer from_kernel(std::span<const u8> memory) {
        return InBuffer({const_cast<u8*>(memory.data()), memory.size()});
    }

    usize remaining() const { return cursor_.remaining(); }
    bool is_user() const { return cursor_.is_user(); }
    /// Checks that the whole buffer lies in the user half. Callers use it before an operation that might
    /// block. Errors: Efault.
    Result<> check() const { return cursor_.check(); }

    /// Copies min(bytes.size(), remaining()) bytes, or fewer when user memory faults. Errors: Efault (nothing
    /// was copied).
    Result<usize> read(std::span<u8> bytes);

  private:
    explicit InBuffer(detail::BufferCursor cursor) : cursor_(cursor) {}
    detail::BufferCursor cursor_;
};

}  // namespace exo::vm
