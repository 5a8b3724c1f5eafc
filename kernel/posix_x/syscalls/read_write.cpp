// read, write and their kin: bytes between descriptors and user memory.
#include "posix_x/syscalls/families.hpp"
#include "posix_x/syscalls/support.hpp"

namespace exo::posix_x {

namespace {

using fs::FileTraits;

/// Linux never moves more than this in one call.
constexpr u64 MAX_TRANSFER = 0x7ffff000;

/// LINUX: access_ok comes first and looks at the size as it was given, so one that is too large is EFAULT.
Result<vm::OutBuffer> out_buffer(BufferArgument buffer, u64 size) {
    TRY(vm::OutBuffer::from_user(buffer.address, size).check());
    return vm::OutBuffer::from_user(buffer.address, std::min(size, MAX_TRANSFER));
}

Result<vm::InBuffer> in_buffer(BufferArgument buffer, u64 size) {
    TRY(vm::InBuffer::from_user(buffer.address, size).check());
    return vm::InBuffer::from_user(buffer.address, std::min(size, MAX_TRANSFER));
}

Result<usize> sys_read(Context&, Descriptor fd, BufferArgument buffer, u64 size) {
    const FileUse file = TRY(use_file(fd, Rights::Read));
    vm::OutBuffer out = TRY(out_buffer(buffer, size));
    return file->read(out);
}

Result<usize> sys_write(Context&, Descriptor fd, BufferArgument buffer, u64 size) {
    const FileUse file = TRY(use_file(fd, Rights::Write));
    vm::InBuffer in = TRY(in_buffer(buffer, size));
    return raise_write_signals(file->write(in, write_context(current_task())));
}

Result<usize> sys_pread64(Context&, Descriptor fd, BufferArgument buffer, u64 size, i64 offset) {
    if (offset < 0) return Error::Einval;
    const FileUse file = TRY(use_file(fd, Rights::Read));
    vm::OutBuffer out = TRY(out_buffer(buffer, size));
    return file->read_at(out, static_cast<u64>(offset));
}

Result<usize> sys_pwrite64(Context&, Descriptor fd, BufferArgument buffer, u64 size, i64 offset) {
    if (offset < 0) return Error::Einval;
    const FileUse file = TRY(use_file(fd, Rights::Write));
    vm::InBuffer in = TRY(in_buffer(buffer, size));
    return raise_write_signals(file->write_at(in, static_cast<u64>(offset), write_context(current_task())));
}

// ---- Vectors. The offset of the p-forms comes in two words, of which a 64-bit kernel uses the first (preadv(2)).

Result<usize> sys_readv(Context&, Descriptor fd, BufferArgument vectors, u64 count) {
    const FileUse file = TRY(use_file(fd, Rights::Read));
    const vm::UserVector segments = TRY(vm::UserVector::import(vectors.address, count));
    vm::OutBuffer out = vm::OutBuffer::from_segments(segments.span());
    return file->read(out);
}

Result<usize> sys_writev(Context&, Descriptor fd, BufferArgument vectors, u64 count) {
    const FileUse file = TRY(use_file(fd, Rights::Write));
    const vm::UserVector segments = TRY(vm::UserVector::import(vectors.address, count));
    vm::InBuffer in = vm::InBuffer::from_segments(segments.span());
    return raise_write_signals(file->write(in, write_context(current_task())));
}

Result<usize> sys_preadv(Context&, Descriptor fd, BufferArgument vectors, u64 count, i64 offset) {
    if (offset < 0) return Error::Einval;
    const FileUse file = TRY(use_file(fd, Rights::Read));
    const vm::UserVector segments = TRY(vm::UserVector::import(vectors.address, count));
    vm::OutBuffer out = vm::OutBuffer::from_segments(segments.span());
    return file->read_at(out, static_cast<u64>(offset));
}

Result<usize> sys_pwritev(Context&, Descriptor fd, BufferArgument vectors, u64 count, i64 offset) {
    if (offset < 0) return Error::Einval;
    const FileUse file = TRY(use_file(fd, Rights::Write));
    const vm::UserVector segments = TRY(vm::UserVector::import(vectors.address, count));
    vm::InBuffer in = vm::InBuffer::from_segments(segments.span());
    return raise_write_signals(file->write_at(in, static_cast<u64>(offset), write_context(current_task())));
}

Result<u64> sys_lseek(Context&, Descriptor fd, i64 offset, u32 whence) {
    const FileUse file = TRY(use_file(fd, Rights::Seek));
    if (whence > static_cast<u32>(abi::SeekWhence::Hole)) return Error::Einval;
    return file->seek(offset, static_cast<abi::SeekWhence>(whence));
}

// ---- sendfile: through a page of kernel memory, so that any source and any target will do.

/// Moves up to `count` bytes; stops at the first short transfer.
Result<usize> transfer(fs::File& from, u64* offset, fs::File& to, u64 count) {
    const memory::FrameRef page = TRY(memory::FrameRef::allocate());
    const std::span<u8> buffer{static_cast<u8*>(page.data()), PAGE_SIZE};
    usize moved = 0;
    while (moved < count) {
        vm::OutBuffer out = vm::OutBuffer::from_kernel(buffer.first(std::min<u64>(PAGE_SIZE, count - moved)));
        const Result<usize> got = offset != nullptr ? from.read_at(out, *offset) : from.read(out);
        if (!got && moved == 0) return got;
        if (!got || *got == 0) break;
        vm::InBuffer in = vm::InBuffer::from_kernel(buffer.first(*got));
        const Result<usize> put = to.write(in, write_context(current_task()));
        const usize written = put ? *put : 0;
        if (offset != nullptr)
            *offset += written;
        else if (written < *got && from.has_trait(FileTraits::Seekable))
            from.set_position(from.position() - (*got - written));
        moved += written;
        if (!put && moved == 0) return raise_write_signals(put);
        if (written < *got) break;
    }
    return moved;
}

Result<usize> sys_sendfile(Context&, Descriptor out_fd, Descriptor in_fd, vm::UserInOut<i64> offset,
                           u64 count) {
    const FileUse in = TRY(use_file(in_fd, Rights::Read));
    const FileUse out = TRY(use_file(out_fd, Rights::Write));
    // The input must be mappable (sendfile(2)); a directory, a pipe or a terminal is not.
    if (!in->has_trait(FileTraits::Seekable) || in->inode().is_directory()) return Error::Einval;
    if (has(out->flags(), abi::OpenFlags::Append)) return Error::Einval;
    count = std::min(count, MAX_TRANSFER);
    if (offset.is_null()) return transfer(*in, nullptr, *out, count);
    const i64 start = TRY(offset.read());
    if (start < 0) return Error::Einval;
    u64 position = static_cast<u64>(start);
    const usize moved = TRY(transfer(*in, &position, *out, count));
    TRY(offset.write(static_cast<i64>(position)));
    return moved;
}

Result<> sys_fsync(Context&, Descriptor fd) {
    return TRY(use_file(fd, Rights::Sync))
    ->sync();
}

Result<> sys_sync(Context&) {
    return {};  // every file system that exists lives in memory: there is nothing behind it to write to
}

Result<> sys_syncfs(Context&, Descriptor fd) {
    (void)TRY(use_file(fd, Rights::Sync));
    return {};  // as for sync
}

Result<> sys_ftruncate(Context&, Descriptor fd, i64 size) {
    if (size < 0) return Error::Einval;
    const FileUse file = TRY(use_file(fd, Rights::Write, Error::Einval));
    const Result<> result = file->truncate(static_cast<u64>(size), write_context(current_task()));
    if (!result) (void)raise_write_signal(result.error());
    return result;
}

Result<> sys_fallocate(Context&, Descriptor fd, abi::FallocateMode mode, i64 offset, i64 length) {
    const FileUse file = TRY(use_file(fd, Rights::Write));
    if (offset < 0 || length <= 0) return Error::Einval;
    return file->allocate(mode, static_cast<u64>(offset), static_cast<u64>(length),
                          write_context(current_task()));
}

Result<> sys_fadvise64(Context&, Descriptor fd, i64, i64 length, u32 advice) {
    const FileUse file = TRY(use_file(fd, Rights::None));
    if (!file->has_trait(FileTraits::Seekable)) return Error::Espipe;
    constexpr u32 LAST_ADVICE = 5;
    if (length < 0 || advice > LAST_ADVICE) return Error::Einval;
    return {};  // advice on caching; files that live in memory have no other place to be
}

}  // namespace

Result<> register_read_write_calls() {
    using syscall::register_call;
    TRY(register_call<sys_read>(0, "read"));
    TRY(register_call<sys_write>(1, "write"));
    TRY(register_call<sys_lseek>(8, "lseek"));
    TRY(register_call<sys_pread64>(17, "pread64"));
    TRY(register_call<sys_pwrite64>(18, "pwrite64"));
    TRY(register_call<sys_readv>(19, "readv"));
    TRY(register_call<sys_writev>(20, "writev"));
    TRY(register_call<sys_sendfile>(40, "sendfile"));
    TRY(register_call<sys_fsync>(74, "fsync"));
    TRY(register_call<sys_fsync>(75, "fdatasync"));
    TRY(register_call<sys_ftruncate>(77, "ftruncate"));
    TRY(register_call<sys_sync>(162, "sync"));
    TRY(register_call<sys_fadvise64>(221, "fadvise64"));
    TRY(register_call<sys_fallocate>(285, "fallocate"));
    TRY(register_call<sys_preadv>(295, "preadv"));
    TRY(register_call<sys_pwritev>(296, "pwritev"));
    TRY(register_call<sys_syncfs>(306, "syncfs"));
    return {};
}

}  // namespace exo::posix_x
