// The arguments and the environment of a new program. They are copied before the old program is discarded.
#pragma once

#include <span>
#include <string_view>

#include "memory/physical/frame_ref.hpp"
#include "utils/vector.hpp"

namespace exo::posix_x {

/// A sequence of strings, each with its NUL. They may be megabytes long, so they are stored in pages that are
/// never reallocated.
class StringBlock {
  public:
    /// Appends a string. Errors: Enomem.
    Result<> add(std::string_view text);
    u32 count() const { return count_; }
    /// Total bytes, including each string's NUL.
    u64 size() const { return front_.size() + (end_ - begin_); }
    /// Removes the first string. There must be one.
    void remove_first();
    /// Inserts a string at the front. Errors: Enomem.
    Result<> put_first(std::string_view text);
    /// Calls `visit` with all bytes in order, in pieces of at most a page, until `visit` fails.
    template <class Visit> Result<> for_each_piece(Visit&& visit) const {
        if (!front_.span().empty()) TRY(visit(front_.span()));
        for (u64 at = begin_; at < end_;) {
            const std::span<const char> piece = piece_at(at);
            TRY(visit(piece));
            at += piece.size();
        }
        return {};
    }

  private:
    friend class ArgumentCopier;
    Result<> append(std::span<const char> bytes);
    Result<> end_string();
    /// The bytes from `at` to the end of its page, or to the end of all.
    std::span<const char> piece_at(u64 at) const;

    Vector<char> front_;  ///< Strings that were inserted at the front: few and short.
    Vector<memory::FrameRef> pages_;
    u64 begin_ = 0;  ///< Positions in the pages.
    u64 end_ = 0;
    u32 count_ = 0;
};

struct ProgramArguments {
    StringBlock arguments;
    StringBlock environment;

    /// The bytes that the strings and their pointers take on the stack.
    u64 size() const;
};

/// The limit of arguments and environment together: a quarter of the stack's limit, at least 128 KiB, at most
/// 6 MiB; each string at most 128 KiB (execve(2), "Limits on size of arguments and environment").
u64 argument_limit(u64 stack_limit);

/// Copies two NULL-terminated arrays of strings from the calling program. A null array counts as empty.
/// Errors: Efault, E2big, Enomem, RestartSys (the thread is being killed).
Result<ProgramArguments> copy_arguments(u64 arguments, u64 environment, u64 limit);

}  // namespace exo::posix_x
