// vfs: the operations on paths and files that system calls are built from.
//
// Key types: Path (a dentry through a mount), Inode and FileSystem (what a file system implements), File (an open
// file description), Mount and MountNamespace, Credentials (who asks), PathContext (root, working directory, umask).
// File systems: tmpfs/ (its files are the page cache), devfs/, pseudo/ (generated content: procfs, sysfs), initramfs/
// (fills the first root). Neighbours: vm (PageSource, buffers) and security below; ipc and posix_x above.
// Locking, outermost first: file position, mount table, rename, directory names (parents before children),
// inode content; then spin locks: the name tree (dentries and mounts), page trees. No copy from or to a
// program runs under a lock that the page fault path takes, and no reference is dropped under a spin lock.
#pragma once

#include "fs/file/file.hpp"

namespace exo::fs {

/// The credentials of the calling task, and the context of its paths.
struct Caller {
    const Credentials& credentials;
    PathContext& context;
};

/// The directory of a relative path (dirfd): that of a descriptor, or (null) the working directory.
struct Start {
    const Path* directory = nullptr;
};

enum class WalkFlags : u32 {
    None = 0,
    FollowLast = 1,        ///< Follows a symbolic link in the last component.
    RequireDirectory = 2,  ///< The result must be a directory.
    AllowEmpty = 4,        ///< AT_EMPTY_PATH: an empty path names `start` itself.
    KeepExpiry = 8,        ///< For umount2: the walk does not count as a use of the mount (MNT_EXPIRE).
    ToTopMount =
        16,  ///< For umount2: the result is the topmost mount at the place, also if the path ends in ".".
};
EXO_FLAGS(WalkFlags);

// Errors common to all functions that take a path (path_resolution(7)): Enoent (empty, or a component is
// missing), Enotdir, Eacces (no search permission), Eloop (over 40 symbolic links), Enametoolong (path of
// 4096 bytes or more, component of more than 255), Enomem. `path` contains no NUL.

/// Finds the place that `path` names. It must exist.
Result<Path> resolve(const Caller& caller, Start start, std::string_view path, WalkFlags flags);

/// open, openat and creat. The caller handles O_CLOEXEC. `mode` is used with O_CREAT and O_TMPFILE; the umask
/// is applied to it.
/// Errors: those of open(2).
Result<Ref<File>> open(const Caller& caller, Start start, std::string_view path, OpenFlags flags, u32 mode);
/// Checks that the open flags do not contradict each other. Callers use it when Linux reports bad flags
/// before a bad path. Errors: Einval.
Result<> check_open_flags(OpenFlags flags);
/// Opens an existing inode whose path is already resolved (execve's program, /proc/PID/fd). Errors: those of
/// open(2).
Result<Ref<File>> open_path(const Path& path, OpenFlags flags, const Credentials& credentials);

/// mkdir(2). Errors: Eexist, Enospc, Emlink, Erofs, and others of mkdir(2).
Result<> make_directory(const Caller& caller, Start start, std::string_view path, u32 mode);
/// Creates a regular file, fifo, socket or device node. Errors: those of mknod(2).
Result<> make_node(const Caller& caller, Start start, std::string_view path, u32 mode,
                   abi::DeviceNumber device);
/// Creates a symbolic link. Errors: those of symlink(2).
Result<> make_symlink(const Caller& caller, std::string_view target, Start start, std::string_view path);
/// Creates a hard link. `flags`: SymlinkFollow, EmptyPath; the caller checks who may use EmptyPath. Errors:
/// those of link(2).
Result<> make_link(const Caller& caller, Start old_start, std::string_view old_path, Start new_start,
                   std::string_view new_path, abi::AtFlags flags);
/// Checks that the old path of a link exists. Callers use it when Linux reports a bad old path first. Errors:
/// those of make_link.
Result<> check_link_source(const Caller& caller, Start start, std::string_view path, abi::AtFlags flags);
/// Removes a name that is not a directory. Errors: those of unlink(2).
Result<> unlink(const Caller& caller, Start start, std::string_view path);
/// Removes an empty directory. Errors: those of rmdir(2).
Result<> remove_directory(const Caller& caller, Start start, std::string_view path);
/// Renames or exchanges two names. Errors: those of rename(2).
Result<> rename(const Caller& caller, Start old_start, std::string_view old_path, Start new_start,
                std::string_view new_path, abi::RenameFlags flags);
/// Checks that the rename flags are known and do not contradict each other. Callers use it when Linux reports
/// bad flags before a bad path. Errors: Einval.
Result<> check_rename_flags(abi::RenameFlags flags);
/// Checks that the directory of the path's last component exists.
Result<> check_parent(const Caller& caller, Start start, std::string_view path);
/// Appends the text of a symbolic link; with an empty path that of `start` itself. Errors: those of
/// readlink(2).
Result<> read_link(const Caller& caller, Start start, std::string_view path, String& out);
/// access and faccessat, with the credentials in `caller`. Errors: Eacces, Erofs, Etxtbsy, Einval.
Result<> check_access(const Caller& caller, Start start, std::string_view path, abi::AccessMode mode,
                      WalkFlags flags);
/// truncate(2). Errors: Einval, Eisdir, Eacces, Erofs, Efbig, Etxtbsy, Eperm.
Result<> truncate(const Caller& caller, Start start, std::string_view path, u64 size,
                  const WriteContext& context);
/// chdir, fchdir, chroot: checks that the directory may be entered. Errors: Enotdir, Eacces.
Result<> check_directory(const Path& path, const Credentials& credentials);

// ---- Attributes of a resolved path or of an open file.

/// The inode that chmod, chown or utimensat changes. The mount is null for files without a place in the tree
/// (pipes).
struct Target {
    Inode& inode;
    Mount* mount = nullptr;
    Target(Inode& target, Mount* through) : inode(target), mount(through) {}
    explicit Target(const Path& path) : inode(path.inode()), mount(path.mount.get()) {}
    explicit Target(const File& file) : inode(file.inode()), mount(file.path().mount.get()) {}
};
/// chmod. Errors: Eperm, Erofs; Eopnotsupp for a symbolic link.
Result<> change_mode(const Target& target, u32 mode, const Credentials& credentials);
/// chown. An absent id is not changed. Errors: Eperm, Erofs.
Result<> change_owner(const Target& target, std::optional<UserId> uid, std::optional<GroupId> gid,
                      const Credentials& credentials);
struct TimeChange {
    enum class Kind : u8 { Omit, Now, Set } kind = Kind::Omit;
    Timestamp time{};
};
/// utimensat. Errors: Eperm (the caller gives a time and is not the owner), Eacces (both times are "now", and
/// no write permission), Erofs.
Result<> change_times(const Target& target, TimeChange access, TimeChange modification,
                      const Credentials& credentials);

/// Returns the value of an extended attribute. Errors: Enodata, Eopnotsupp, Einval (the name is only a
/// prefix), Eacces, Enomem.
Result<Vector<u8>> get_extended_attribute(Inode& inode, std::string_view name,
                                          const Credentials& credentials);
/// The attribute names that the caller may see, each with a terminating zero byte. Errors: Enomem.
Result<Vector<u8>> list_extended_attributes(Inode& inode, const Credentials& credentials);
/// Sets an extended attribute. Errors: Eperm, Eacces, Eopnotsupp, Einval (the name is only a prefix;
/// malformed capabilities), Eexist, Enodata, Enospc, Enomem.
Result<> set_extended_attribute(Inode& inode, std::string_view name, std::span<const u8> value,
                                abi::XattrFlags flags, const Credentials& credentials);
/// Removes an extended attribute. Errors: Eperm, Eacces, Eopnotsupp, Einval, Enodata.
Result<> remove_extended_attribute(Inode& inode, std::string_view name, const Credentials& credentials);

/// Truncates or extends a regular file that may be written: the part of ftruncate, truncate and O_TRUNC after
/// their checks.
/// Errors: Efbig, Enospc, Enomem, Einval.
enum class TruncateTimes : u8 { Always, IfSizeChanges };
Result<> truncate_inode(Inode& inode, u64 size, TruncateTimes times, const WriteContext& context);

/// Fills the structure of stat(2).
void fill_stat(Inode& inode, abi::stat& out);
/// Fills the structure of statx(2) with the basic fields and those in `wanted`. `path` may be null.
void fill_statx(Inode& inode, const Path* path, abi::StatxMask wanted, abi::statx& out);
/// Fills the structure of statfs and fstatfs. `mount` may be null. Errors: Enosys (the inode has no file
/// system), Eio.
Result<> fill_statfs(Inode& inode, const Mount* mount, abi::statfs& out);

/// Makes an open file for an inode, depending on its type: device, fifo, directory or regular file. The inode
/// need not be in a tree. The caller has checked permissions.
Result<Ref<File>> open_inode(OpenRequest&& request);

}  // namespace exo::fs
