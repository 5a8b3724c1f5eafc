// Bytes from one file to another without a visit to the program: sendfile(2), and what splice(2) and
// copy_file_range(2) share with it.
#pragma once

#include <optional>

#include "posix_x/syscalls/support.hpp"

namespace exo::posix_x {

/// Moves up to `size` bytes from `place`, which moves on, or else from the position of `in`. Returns how many.
/// Errors: Ebadf, Espipe (a place in what has none), Einval (these two cannot be joined, or no such range), Eoverflow,
/// and those of read and write; SIGPIPE and SIGXFSZ come with them.
Result<usize> send_file(Descriptor out, Descriptor in, std::optional<i64>& place, u64 size);

/// Pages can be taken from it (Linux: it has splice_read).
bool gives_pages(const fs::File& file);
/// Whether the source may wait: as its open file says, or not at all if it is a stream.
enum class SourceBlocking : u8 { AsFile, StreamsNever };
/// Moves up to `count` bytes from `offset` of `in`, which moves on, into a pipe, or to `out_offset`, or to the position of `out`;
/// until the source ends, the target takes no more, or a pipe is full. What has no positions waits once, for the first bytes; all but streams are asked only that once.
/// Errors: those of read and write; nothing was moved then.
Result<usize> send_pages(fs::File& in, u64& offset, fs::File& out, u64* out_offset, u64 count,
                         SourceBlocking blocking = SourceBlocking::AsFile);

}  // namespace exo::posix_x
