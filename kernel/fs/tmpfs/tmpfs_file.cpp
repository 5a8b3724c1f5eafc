#include "fs/tmpfs/tmpfs_file.hpp"

#include "abi/linux/limits.hpp"
#include "fs/tree/permission.hpp"

namespace exo::fs::tmpfs {

Result<usize> TmpfsFile::do_read(vm::OutBuffer& to, u64 offset) {
    const Result<usize> count = regular().cache().read(to, offset);
    note_read();  // LINUX: also when nothing could be copied (shmem_file_read_iter)
    return count;
}

Result<usize> TmpfsFile::do_write(vm::InBuffer& from, u64& offset, const WriteContext& context) {
    TmpfsRegular& inode = regular();
    auto content = TRY(inode.content_lock.lock_killable());
    if (has(flags(), OpenFlags::Append) || context.place == WritePlace::End) offset = inode.cache().size();
    if (from.remaining() == 0) return 0UZ;
    constexpr u64 MAX_SIZE = static_cast<u64>(abi::MAX_FILE_OFFSET);
    const u64 end = context.size_limit < MAX_SIZE ? context.size_limit : MAX_SIZE;
    if (offset >= end) return Error::Efbig;
    u64 limit = end - offset < from.remaining() ? end - offset : from.remaining();
    limit = TRY(writable_bytes(offset, limit));
    // LINUX: before the bytes, so also when none can be had (__generic_file_write_iter).
    inode.note_modified();
    drop_privileges_on_write(inode, *content, context.credentials);
    const usize count = TRY(inode.cache().write(*content, from, offset, static_cast<usize>(limit)));
    if (count != 0) inode.size_changed(*content);
    return count;
}

Result<u64> TmpfsFile::do_seek(u64 position, i64 offset, abi::SeekWhence whence) {
    if (whence != abi::SeekWhence::Data && whence != abi::SeekWhence::Hole)
        return File::do_seek(position, offset, whence);
    auto content = TRY(inode().content_lock.lock_killable());
    PageCache& cache = regular().cache();
    if (offset < 0 || static_cast<u64>(offset) >= cache.size()) return Error::Enxio;
    const u64 from = static_cast<u64>(offset);
    if (whence == abi::SeekWhence::Data) return cache.find_data(*content, from);
    return cache.find_hole(*content, from);
}

Result<u64> TmpfsFile::readable_bytes() {
    return inode().size() - position();  // LINUX: behind the end it is less than nothing
}

/// How many of `count` bytes the seals allow to be written at `offset`. LINUX: shmem_write_begin checks each
/// page, so a write that begins inside the file may be short. Errors: Eperm.
Result<u64> TmpfsFile::writable_bytes(u64 offset, u64 count) const {
    using abi::Seals;
    const Seals seals = regular().seals();
    if (!abi::has(seals, Seals::Write | Seals::FutureWrite | Seals::Grow)) [[likely]]
        return count;
    if (abi::has(seals, Seals::Write | Seals::FutureWrite)) return Error::Eperm;
    const u64 size = regular().cache().size();
    if (offset + count <= size) return count;
    const u64 whole_pages = align_down(size, PAGE_SIZE);
    return whole_pages > offset ? Result<u64>(whole_pages - offset) : Result<u64>(Error::Eperm);
}

Result<u64> TmpfsFile::fcntl(FileCommand command, const Credentials& credentials) {
    using abi::Seals;
    if (command.is(abi::FcntlCommand::GetSeals)) return u64{abi::raw(regular().seals())};
    if (!command.is(abi::FcntlCommand::AddSeals)) return File::fcntl(command, credentials);
    constexpr Seals ALL = Seals::Seal | Seals::Shrink | Seals::Grow | Seals::Write | Seals::FutureWrite;
    if (!security::has(rights(), security::Rights::Write)) return Error::Eperm;
    const auto added = static_cast<Seals>(command.argument);
    if (abi::has(added, ~ALL)) return Error::Einval;
    TRY(regular().add_seals(added));
    return 0ULL;
}

Result<> TmpfsFile::truncate(u64 size, const WriteContext& context) {
    return truncate_inode(inode(), size, TruncateTimes::Always, context);
}

Result<> TmpfsFile::do_allocate(abi::FallocateMode mode, u64 offset, u64 length,
                                const WriteContext& context) {
    using abi::FallocateMode;
    if ((mode & ~(FallocateMode::KeepSize | FallocateMode::PunchHole)) != FallocateMode::None)
        return Error::Eopnotsupp;
    const u64 end = offset + length;
    TmpfsRegular& inode = regular();
    auto content = TRY(inode.content_lock.lock_killable());
    if (has(mode, FallocateMode::PunchHole)) {
        if (!has(mode, FallocateMode::KeepSize)) return Error::Eopnotsupp;
        if (inode.has_seal(abi::Seals::Write | abi::Seals::FutureWrite)) return Error::Eperm;
        TRY(inode.cache().punch(*content, offset, length));
    } else {
        const bool reaches_further = end > inode.cache().size();
        if (reaches_further && inode.has_seal(abi::Seals::Grow)) return Error::Eperm;
        // LINUX: also where the size stays as it is (shmem_fallocate).
        if (reaches_further && end > context.size_limit) return Error::Efbig;
        TRY(inode.cache().allocate(*content, offset, length));
        if (reaches_further && !has(mode, FallocateMode::KeepSize)) TRY(inode.truncate(*content, end));
    }
    inode.note_modified();
    drop_privileges_on_write(inode, *content, context.credentials);
    return {};
}

}  // namespace exo::fs::tmpfs
