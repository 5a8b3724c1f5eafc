// Bytes from one file to another without a visit to the program: sendfile(2).
#pragma once

#include <optional>

#include "posix_x/syscalls/support.hpp"

namespace exo::posix_x {

/// Moves up to `size` bytes from `place`, which moves on, or else from the position of `in`. Returns how many.
/// Errors: Ebadf, Espipe (a place in what has none), Einval (these two cannot be joined, or no such range), Eoverflow,
/// and those of read and write; SIGPIPE and SIGXFSZ come with them.
Result<usize> send_file(Descriptor out, Descriptor in, std::optional<i64>& place, u64 size);

}  // namespace exo::posix_x
