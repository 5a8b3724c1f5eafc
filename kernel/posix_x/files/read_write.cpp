// read, write and related calls: move bytes between descriptors and user memory.
#include "posix_x/files/read_write.hpp"

#include "abi/linux/limits.hpp"

#include "fs/cache/reclaim.hpp"
#include "posix_x/files/transfer.hpp"
#include "posix_x/syscalls/support.hpp"

namespace exo::posix_x {

namespace {

/// Whether the file has no read operation, or no write operation. LINUX: FMODE_CAN_READ and FMODE_CAN_WRITE.
template <class Buffer> bool lacks(const fs::File& file) {
    using fs::SpecialFile;
    constexpr bool IS_WRITE = std::is_same_v<Buffer, vm::InBuffer>;
    const bool has_neither = file.is_special(SpecialFile::Epoll) || file.is_special(SpecialFile::Process);
    const bool only_reads = file.is_special(SpecialFile::Timer) || file.is_special(SpecialFile::Signals);
    return has_neither || (IS_WRITE && only_reads);
}

/// The error for a bad buffer. LINUX: a missing operation of the file is reported before an address outside
/// the user half.
template <class Buffer> [[gnu::noinline, gnu::cold]] Error why_no_buffer(Descriptor fd) {
    const Result<FileUse> file = use_file(fd, Rights::Control);
    return file && lacks<Buffer>(**file) ? Error::Einval : Error::Efault;
}

/// Checks the buffer. LINUX: access_ok comes first and uses the size as it was passed, so a size that is too
/// large gives EFAULT.
template <class Buffer>
[[gnu::always_inline]] inline Result<Buffer> buffer_for(Descriptor fd, BufferArgument buffer, u64 size) {
    if (!Buffer::from_user(buffer.address, size).check()) [[unlikely]]
        return why_no_buffer<Buffer>(fd);
    return Buffer::from_user(buffer.address, std::min(size, MAX_TRANSFER));
}

}  // namespace

Answer<Size> sys_read(Context&, Readable fd, OutBytes<2> buffer, Size size) {
    const FileUse file = TRY(use_file(fd, Rights::Read));
    vm::OutBuffer out = TRY(buffer_for<vm::OutBuffer>(fd, buffer, size));
    return file->read(out);
}

Answer<Size> sys_write(Context&, Writable fd, InBytes<2> buffer, Size size) {
    const FileUse file = TRY(use_file(fd, Rights::Write));
    vm::InBuffer in = TRY(buffer_for<vm::InBuffer>(fd, buffer, size));
    return raise_write_signals(file->write(in, write_context(current_task())));
}

[[gnu::noinline, gnu::cold]] static Error why_not_positioned(Descriptor fd, Error error) {
    const Result<FileUse> any = use_file(fd, Rights::Control);
    return any && !(*any)->has_positions() ? Error::Espipe : error;
}

/// Looks up the file of pread and related calls. LINUX: a file without positions is reported before a missing
/// access right.
[[gnu::always_inline]] static inline Result<FileUse> use_positioned(Descriptor fd, Rights needed) {
    Result<FileUse> file = use_file(fd, needed);
    if (!file) [[unlikely]]
        return why_not_positioned(fd, file.error());
    if (!(*file)->has_positions()) [[unlikely]]
        return Error::Espipe;
    return file;
}

Answer<Size> sys_pread64(Context&, Readable fd, OutBytes<2> buffer, Size size, FileOffset offset) {
    if (offset < 0) return Error::Einval;
    const FileUse file = TRY(use_positioned(fd, Rights::Read));
    vm::OutBuffer out = TRY(buffer_for<vm::OutBuffer>(fd, buffer, size));
    return file->read_at(out, static_cast<u64>(offset));
}

Answer<Size> sys_pwrite64(Context&, Writable fd, InBytes<2> buffer, Size size, FileOffset offset) {
    if (offset < 0) return Error::Einval;
    const FileUse file = TRY(use_positioned(fd, Rights::Write));
    vm::InBuffer in = TRY(buffer_for<vm::InBuffer>(fd, buffer, size));
    return raise_write_signals(file->write_at(in, static_cast<u64>(offset), write_context(current_task())));
}

// ---- Vectors. The offset of the p-forms comes in two words, of which a 64-bit kernel uses the first (preadv(2)).

// LINUX: only 32 bits of the number of vectors are used.

/// The error of a call with vectors. LINUX: errors in the vectors are reported before a missing access right.
[[gnu::noinline, gnu::cold]] static Error why_not_vectored(Error error, Descriptor fd, BufferArgument vectors,
                                                           u32 count) {
    if (error == Error::Espipe || count == 0 || !use_file(fd, Rights::Control)) return error;
    [[clang::uninitialized]] vm::UserVector segments;
    const Result<> imported = segments.import(vectors.address, count);
    return imported ? error : imported.error();
}

/// Handles a call that moves no bytes, on a file without the read or write operation. Errors: Einval.
template <class Buffer> [[gnu::noinline, gnu::cold]] static Result<usize> move_nothing(const fs::File& file) {
    return lacks<Buffer>(file) ? Result<usize>(Error::Einval) : Result<usize>(0UZ);
}

/// The body of a call with vectors: copies the vectors and calls `move`. `file` is the result of use_file or
/// use_positioned.
template <class Buffer, class Move>
[[gnu::always_inline]] static inline Result<usize> with_vectors(const Result<FileUse>& file, Descriptor fd,
                                                                BufferArgument vectors, Count count,
                                                                Move move) {
    const u32 number = static_cast<u32>(u64{count});
    if (!file) [[unlikely]]
        return why_not_vectored(file.error(), fd, vectors, number);
    [[clang::uninitialized]] vm::UserVector segments;
    if (number != 0) TRY(segments.import(vectors.address, number));
    Buffer buffer = Buffer::from_segments(segments.span());
    if (buffer.remaining() == 0) [[unlikely]]
        return move_nothing<Buffer>(**file);
    return move(**file, buffer, segments.span());
}

using Segments = std::span<const vm::UserSegment>;

Answer<Size> sys_readv(Context&, Readable fd, OutVectors<2> vectors, Count count) {
    return with_vectors<vm::OutBuffer>(
        use_file(fd, Rights::Read), fd, vectors, count,
        [](fs::File& file, vm::OutBuffer& out, Segments) { return file.read(out); });
}

/// Writes each segment separately. LINUX: do_loop_readv_writev. An empty segment is written only if it is the
/// first.
[[gnu::noinline]] static Result<usize> write_segments(fs::File& file, Segments segments) {
    const fs::WriteContext context = write_context(current_task());
    usize done = 0;
    for (const vm::UserSegment& segment : segments) {
        if (segment.size == 0 && &segment != segments.data()) continue;
        vm::InBuffer in = vm::InBuffer::from_user(segment.address, segment.size);
        const Result<usize> put = file.write(in, context);
        if (!put && done == 0) return put;
        if (!put || (done += *put, *put < segment.size)) break;
    }
    return done;
}

Answer<Size> sys_writev(Context&, Writable fd, InVectors<2> vectors, Count count) {
    return with_vectors<vm::InBuffer>(
        use_file(fd, Rights::Write), fd, vectors, count,
        [](fs::File& file, vm::InBuffer& in, Segments segments) {
            if (file.vector_policy() == fs::VectorPolicy::WriteEach) [[unlikely]]
                return write_segments(file, segments);
            return raise_write_signals(file.write(in, write_context(current_task())));
        });
}

Answer<Size> sys_preadv(Context&, Readable fd, OutVectors<2> vectors, Count count, FileOffset offset) {
    if (offset < 0) return Error::Einval;
    return with_vectors<vm::OutBuffer>(use_positioned(fd, Rights::Read), fd, vectors, count,
                                       [&](fs::File& file, vm::OutBuffer& out, Segments) {
                                           return file.read_at(out, static_cast<u64>(offset));
                                       });
}

Answer<Size> sys_pwritev(Context&, Writable fd, InVectors<2> vectors, Count count, FileOffset offset) {
    if (offset < 0) return Error::Einval;
    return with_vectors<vm::InBuffer>(use_positioned(fd, Rights::Write), fd, vectors, count,
                                      [&](fs::File& file, vm::InBuffer& in, Segments) {
                                          return raise_write_signals(file.write_at(
                                              in, static_cast<u64>(offset), write_context(current_task())));
                                      });
}

// ---- preadv2 and pwritev2: vectors with flags, and at the file's own position if the offset is -1. Files are in
// memory, so what is written is as safe without RWF_DSYNC and RWF_SYNC as with them.

namespace {

using abi::ReadWriteFlags;
constexpr i64 OWN_POSITION = -1;

/// Whether the file's operation takes all vectors at once. LINUX: read_iter and write_iter.
template <class Buffer> bool takes_vectors(const fs::File& file) {
    if constexpr (std::is_same_v<Buffer, vm::InBuffer>)
        return file.vector_policy() == fs::VectorPolicy::OneWrite;
    return !file.is_special(fs::SpecialFile::Timer) && !file.is_special(fs::SpecialFile::Signals) &&
           !abi::is_directory(file.inode().mode());
}

/// Checks the flags. LINUX: kiocb_set_rw_flags, do_loop_readv_writev; rw_verify_area looks at the range before.
/// Errors: Eopnotsupp, Einval.
template <class Buffer>
Result<> check_flags(const fs::File& file, const Buffer& buffer, i64 offset, ReadWriteFlags flags) {
    if (flags == ReadWriteFlags::None) return {};
    if (file.has_positions()) {
        const i64 begin = offset == OWN_POSITION ? static_cast<i64>(file.position()) : offset;
        if (!checked_add(begin, static_cast<i64>(buffer.remaining()))) return Error::Einval;
    }
    constexpr ReadWriteFlags KNOWN = ReadWriteFlags::Hipri | ReadWriteFlags::Dsync | ReadWriteFlags::Sync |
                                     ReadWriteFlags::Nowait | ReadWriteFlags::Append;
    if (has(flags, ~KNOWN)) return Error::Eopnotsupp;
    if (!takes_vectors<Buffer>(file))
        return has(flags, ~ReadWriteFlags::Hipri) ? Result<>(Error::Eopnotsupp) : Result<>();
    if (has(flags, ReadWriteFlags::Nowait) && file.nowait_policy() == fs::NowaitPolicy::Refused)
        return Error::Eopnotsupp;
    return {};
}

Result<FileUse> use_at(Descriptor fd, Rights needed, i64 offset) {
    return offset == OWN_POSITION ? use_file(fd, needed) : use_positioned(fd, needed);
}

}  // namespace

Answer<Size> sys_preadv2(Context&, Readable fd, OutVectors<2> vectors, Count count, FileOffset offset,
                         FileOffset, ReadWriteFlags flags) {
    if (offset < OWN_POSITION) return Error::Einval;
    return with_vectors<vm::OutBuffer>(
        use_at(fd, Rights::Read, offset), fd, vectors, count,
        [&](fs::File& file, vm::OutBuffer& out, Segments) -> Result<usize> {
            TRY(check_flags(file, out, offset, flags));
            return offset == OWN_POSITION ? file.read(out) : file.read_at(out, static_cast<u64>(offset));
        });
}

Answer<Size> sys_pwritev2(Context&, Writable fd, InVectors<2> vectors, Count count, FileOffset offset,
                          FileOffset, ReadWriteFlags flags) {
    if (offset < OWN_POSITION) return Error::Einval;
    return with_vectors<vm::InBuffer>(
        use_at(fd, Rights::Write, offset), fd, vectors, count,
        [&](fs::File& file, vm::InBuffer& in, Segments segments) -> Result<usize> {
            TRY(check_flags(file, in, offset, flags));
            if (offset == OWN_POSITION && file.vector_policy() == fs::VectorPolicy::WriteEach)
                return write_segments(file, segments);
            fs::WriteContext context = write_context(current_task());
            if (has(flags, ReadWriteFlags::Append)) context.place = fs::WritePlace::End;
            return raise_write_signals(offset == OWN_POSITION
                                           ? file.write(in, context)
                                           : file.write_at(in, static_cast<u64>(offset), context));
        });
}

Answer<FilePosition> sys_lseek(Context&, Seekable fd, FileOffset offset, abi::SeekWhence whence) {
    const FileUse file = TRY(use_file(fd, Rights::Seek));
    if (whence > abi::SeekWhence::Hole) return Error::Einval;
    return file->seek(offset, whence);
}

// ---- sendfile

Answer<Size> sys_sendfile(Context&, Writable out_fd, Readable in_fd, OrNull<vm::UserInOut<FileOffset>> offset,
                          Size size) {
    std::optional<i64> place;
    if (!offset.is_null()) place = i64{ TRY(offset.read())};
    const Result<usize> moved = send_file(out_fd, in_fd, place, size);
    if (place) TRY(offset.write(*place));  // after an error too
    return moved;
}

Result<> sys_fsync(Context&, Descriptor fd) { return TRY(use_file(fd, Rights::Sync))->sync(); }

Result<> sys_sync(Context&) {
    (void)fs::sync_page_caches(nullptr);  // LINUX: fsync and syncfs tell of errors, sync does not
    return {};
}

Result<> sys_syncfs(Context&, Descriptor fd) {
    return TRY(use_file(fd, Rights::Sync))->inode().file_system().sync();
}

/// Writes the whole file back, which is more than is asked for.
Result<> sys_sync_file_range(Context&, Descriptor fd, FileOffset offset, FileOffset length,
                             abi::SyncRangeFlags flags) {
    using abi::SyncRangeFlags;
    constexpr SyncRangeFlags KNOWN =
        SyncRangeFlags::WaitBefore | SyncRangeFlags::Write | SyncRangeFlags::WaitAfter;
    const FileUse file = TRY(use_file(fd, Rights::Sync));
    if ((flags & ~KNOWN) != SyncRangeFlags::None) return Error::Einval;
    if (offset < 0 || length < 0 || !checked_add(i64{offset}, i64{length})) return Error::Einval;
    const u32 mode = file->inode().mode();
    if (abi::is_directory(mode)) return {};
    if (!abi::is_regular(mode) && !abi::is_block_device(mode)) return Error::Espipe;
    if (flags == SyncRangeFlags::None) return {};
    return file->sync();
}

/// Files have no pages that only a read brings (LINUX: tmpfs does nothing either).
Answer<Size> sys_readahead(Context&, Readable fd, FileOffset, Size size) {
    const FileUse file = TRY(use_file(fd, Rights::Read));
    const u32 mode = file->inode().mode();
    if (!abi::is_regular(mode) && !abi::is_block_device(mode)) return Error::Einval;
    if (size > static_cast<u64>(abi::MAX_FILE_OFFSET)) return Error::Einval;
    return 0UL;
}

Result<> sys_ftruncate(Context&, Writable fd, FileOffset size) {
    if (size < 0) return Error::Einval;
    const FileUse file = TRY(use_file(fd, Rights::Write, Error::Einval));
    const Result<> result = file->truncate(static_cast<u64>(size), write_context(current_task()));
    if (!result) (void)raise_write_signal(result.error());
    return result;
}

/// The checks of the mode in Linux's vfs_fallocate, which do not depend on the file. Errors: Eopnotsupp,
/// Einval.
static Result<> check_mode(abi::FallocateMode mode) {
    using abi::FallocateMode;
    constexpr FallocateMode KNOWN = FallocateMode::KeepSize | FallocateMode::PunchHole |
                                    FallocateMode::CollapseRange | FallocateMode::ZeroRange |
                                    FallocateMode::InsertRange | FallocateMode::UnshareRange;
    if (has(mode, ~KNOWN) || has_all(mode, FallocateMode::PunchHole | FallocateMode::ZeroRange))
        return Error::Eopnotsupp;
    if (has(mode, FallocateMode::PunchHole) && !has(mode, FallocateMode::KeepSize)) return Error::Eopnotsupp;
    for (const FallocateMode alone : {FallocateMode::CollapseRange, FallocateMode::InsertRange})
        if (has(mode, alone) && mode != alone) return Error::Einval;
    if (has(mode, FallocateMode::UnshareRange) &&
        has(mode, ~(FallocateMode::UnshareRange | FallocateMode::KeepSize)))
        return Error::Einval;
    return {};
}

Result<> sys_fallocate(Context&, Writable fd, abi::FallocateMode mode, FileOffset offset, FileOffset length) {
    TRY(use_file(fd, Rights::Control));
    if (offset < 0 || length <= 0) return Error::Einval;
    TRY(check_mode(mode));
    const FileUse file = TRY(use_file(fd, Rights::Write));
    const Result<> result = file->allocate(mode, static_cast<u64>(offset), static_cast<u64>(length),
                                           write_context(current_task()));
    // A range that no file can have is refused without a signal.
    const bool is_possible = checked_add(i64{offset}, i64{length}).has_value();
    if (!result && is_possible) raise_write_signal(result.error());
    return result;
}

Result<> sys_fadvise64(Context&, Seekable fd, FileOffset, FileOffset length, abi::FileAdvice advice) {
    const FileUse file = TRY(use_file(fd, Rights::Control));
    if (abi::is_fifo(file->inode().mode())) return Error::Espipe;
    if (length < 0 || advice > abi::FileAdvice::Noreuse) return Error::Einval;
    return {};  // advice on caching; files that live in memory have no other place to be
}

}  // namespace exo::posix_x
