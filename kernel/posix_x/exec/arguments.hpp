// What a new program is told: its arguments and environment, copied before the old program goes.
#pragma once

#include "utils/string.hpp"
#include "utils/vector.hpp"

namespace exo::posix_x {

/// Strings one behind the other, each with its NUL.
class StringBlock {
  public:
    /// Errors: Enomem.
    Result<> add(std::string_view text);
    u32 count() const { return count_; }
    std::span<const char> bytes() const { return bytes_.span(); }
    /// Takes the first string away. There must be one.
    void remove_first();
    /// Errors: Enomem.
    Result<> put_first(std::string_view text);
    std::string_view first() const { return {bytes_.data()}; }

  private:
    friend class ArgumentCopier;
    Vector<char> bytes_;
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
