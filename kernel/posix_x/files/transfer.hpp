// Moves bytes between files without a copy through the program: sendfile(2), and the parts that splice(2) and
// copy_file_range(2) share with it.
#pragma once

#include <optional>

#include "posix_x/syscalls/support.hpp"

namespace exo::posix_x {

/// Moves up to `size` bytes from `place`, which advances, or if it is absent from the position of `in`.
/// Returns the number of bytes.
/// Errors: Ebadf, Espipe (`place` is given for a file without positions), Einval (the files cannot be
/// combined, or the range is not valid), Eoverflow, and those of read and write, with SIGPIPE and SIGXFSZ.
Result<usize> send_file(Descriptor out, Descriptor in, std::optional<i64>& place, u64 size);

/// Whether pages can be taken from the file (Linux: it has splice_read).
bool gives_pages(const fs::File& file);
/// Whether reads of the source may wait. AsFile: as its open file says. StreamsNever: not if it is a stream.
enum class SourceBlocking : u8 { AsFile, StreamsNever };
/// Moves up to `count` bytes from `offset` of `in`, which advances. They go into a pipe, to `out_offset`, or
/// to the position of `out`. It ends at the end of the source, when the target takes no more, or when a pipe
/// is full. A source without positions may wait once, for the first bytes; of those only streams are read
/// again afterwards.
/// Errors, when nothing was moved: those of read and write.
Result<usize> send_pages(fs::File& in, u64& offset, fs::File& out, u64* out_offset, u64 count,
                         SourceBlocking blocking = SourceBlocking::AsFile);

}  // namespace exo::posix_x
