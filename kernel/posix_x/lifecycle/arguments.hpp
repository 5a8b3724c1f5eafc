// What a new program is told: its arguments and environment, copied before the old program goes.
#pragma once

#include <span>
#include <string_view>

#include "memory/physical/frame_ref.hpp"
#include "utils/vector.hpp"

namespace exo::posix_x {

/// Strings one behind the other, each with its NUL. They may be megabytes: they lie in pages, and nothing moves them.
class StringBlock {
  public:
    /// Errors: Enomem.
    Result<> add(std::string_view text);
    u32 count() const { return count_; }
    /// In bytes, each string's NUL included.
    u64 size() const { return front_.size() + (end_ - begin_); }
    /// Takes the first string away. There must be one.
    void remove_first();
    /// Errors: Enomem.
    Result<> put_first(std::string_view text);
    /// Shows `visit` all bytes in order, at most a page at a time, until it fails.
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
    /// From `at` to the end of its page or of all.
    std::span<const char> piece_at(u64 at) const;

    Vector<char> front_;  ///< What was put first: a few short strings.
    Vector<memory::FrameRef> pages_;
    u64 begin_ = 0;  ///< Positions in the pages.
    u64 end_ = 0;
    u32 count_ = 0;
};

struct ProgramArguments {
    StringBlock arguments;
    StringBlock environment;

    /// Bytes that strings and pointers take on the stack.
    u64 size() const;
};

/// execve(2), "Limits on size of arguments and environment": a quarter of the stack's limit, at least 128 KiB, at most
/// 6 MiB; each string at most 128 KiB.
u64 argument_limit(u64 stack_limit);

/// Copies two NULL-terminated arrays of strings out of the calling program; a null array is empty.
/// Errors: Efault, E2big, Enomem, RestartSys (being killed).
Result<ProgramArguments> copy_arguments(u64 arguments, u64 environment, u64 limit);

}  // namespace exo::posix_x
