#include "fs/directory_file.hpp"

#include "fs/name_tree.hpp"

namespace exo::fs {

Result<u64> DirectoryFile::do_seek(u64 position, i64 offset, abi::SeekWhence whence) {
    if (whence != abi::SeekWhence::Set && whence != abi::SeekWhence::Cur) return Error::Einval;
    return File::do_seek(position, offset, whence);
}

Result<u64> DirectoryFile::do_read_directory(u64 cookie, DirectorySink sink) {
    Dentry& dentry = *path().dentry;
    auto names = inode().names_lock.lock();
    u64 parent_number = inode().number();
    {
        auto tree = name_tree.lock();
        if (dentry.is_deleted()) return Error::Enoent;
        if (dentry.parent() != nullptr) parent_number = dentry.parent()->inode()->number();
    }
    if (!has(path().mount->options(), MountOptions::NoAtime | MountOptions::NoDirAtime) &&
        !has(flags(), OpenFlags::Noatime))
        inode().note_accessed_relative();

    u64 position = cookie;
    const auto accept = [&](const DirectoryEntry& entry) {
        if (!sink(entry)) return false;
        position = entry.next_cookie;
        return true;
    };
    if (position == 0 && !accept({".", inode().number(), abi::mode::DIRECTORY, 1})) return position;
    if (position == 1 && !accept({"..", parent_number, abi::mode::DIRECTORY, FIRST_COOKIE})) return position;
    TRY(inode().iterate(dentry, position, accept));
    return position;
}

}  // namespace exo::fs
