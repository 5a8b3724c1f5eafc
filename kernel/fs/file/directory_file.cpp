#include "fs/file/directory_file.hpp"

#include <utility>

#include "fs/tree/name_tree.hpp"
#include "scheduler/preemption.hpp"

namespace exo::fs {

Result<u64> DirectoryFile::do_seek(u64 position, i64 offset, abi::SeekWhence whence) {
    // LINUX: dcache_dir_lseek; directories of procfs and sysfs are sought in as files (generic_file_llseek).
    if (counts_entries() && whence != abi::SeekWhence::Set && whence != abi::SeekWhence::Cur)
        return Error::Einval;
    const u64 place = TRY(File::do_seek(position, offset, whence));
    if (!counts_entries() && place > inode().file_system().max_file_size()) return Error::Einval;
    if (place != position && place > FIRST_COOKIE && counts_entries())
        cookie_ = TRY(cookie_behind(place - FIRST_COOKIE));
    return place;
}

bool DirectoryFile::counts_entries() const { return has(inode().traits(), InodeTraits::CountsEntries); }

/// The cookie behind the first `entries` entries of the directory; NO_MORE if it has fewer.
Result<u64> DirectoryFile::cookie_behind(u64 entries) {
    u64 cookie = NO_MORE;
    auto names = inode().names_lock.lock();
    TRY(inode().iterate(
        *names, *path().dentry, FIRST_COOKIE,
        [&](const DirectoryEntry& entry) {
            if (--entries == 0) cookie = entry.next_cookie;
            scheduler::preempt_point();
            return entries != 0;
        }));
    return cookie;
}

/// Lists the entries after "." and "..".
Result<u64> DirectoryFile::read_counting(InodeNames& names, u64 position, DirectorySink sink) {
    u64 next = position == FIRST_COOKIE ? FIRST_COOKIE : cookie_;
    if (next == NO_MORE) return position;
    bool is_full = false;
    TRY(inode().iterate(
        names, *path().dentry, next,
        [&](DirectoryEntry&& entry) {
            const u64 behind = std::exchange(entry.next_cookie, position + 1);
            if (!sink(std::move(entry))) {
                is_full = true;
                return false;
            }
            next = behind;
            ++position;
            scheduler::preempt_point();
            return true;
        }));
    cookie_ = is_full ? next : NO_MORE;
    return position;
}

Result<u64> DirectoryFile::do_read_directory(u64 cookie, DirectorySink sink) {
    Dentry& dentry = *path().dentry;
    auto names = TRY(inode().names_lock.lock_killable());
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
    const auto accept = [&](DirectoryEntry&& entry) {
        const u64 next = entry.next_cookie;
        if (!sink(std::move(entry))) return false;
        position = next;
        scheduler::preempt_point();
        return true;
    };
    if (position == 0 && !accept({".", inode().number(), abi::mode::DIRECTORY, 1})) return position;
    if (position == 1 && !accept({"..", parent_number, abi::mode::DIRECTORY, FIRST_COOKIE})) return position;
    if (counts_entries()) return read_counting(*names, position, sink);
    TRY(inode().iterate(*names, dentry, position, accept));
    return position;
}

}  // namespace exo::fs
