// fs: names, files and what is in them. This header is what system calls are built from.
//
// Key types: Path (a dentry through a mount), Inode and FileSystem (what a file system implements), File (an open
// file description), Mount and MountNamespace, Credentials (who asks), PathContext (root, working directory, umask).
// File systems: tmpfs/ (its files are the page cache), devfs/, pseudo/ (generated content: procfs, sysfs), initramfs/
// (fills the first root). Neighbours: vm (PageSource, buffers) and security below; ipc and posix_x above.
// Locking, outermost first: file position, mount table, rename, directory names (parents before children), inode
// content; then spin locks: the name tree (dentries and mounts), page trees. Nothing is copied from or to a program
// under a lock that the fault path takes, and no reference is dropped under a spin lock.
#pragma once

#include "fs/file/file.hpp"

namespace exo::fs {

/// Who asks, and from where paths start.
struct Caller {
    const Credentials& credentials;
    PathContext& context;
};

/// Where a relative path starts: a directory that a descriptor names, or (null) the working directory.
struct Start {
    const Path* directory = nullptr;
};

enum class WalkFlags : u32 {
    None = 0,
    FollowLast = 1,        ///< A symbolic link as the last component is followed.
    RequireDirectory = 2,  ///< The result must be a directory.
    AllowEmpty = 4,        ///< AT_EMPTY_PATH: an empty path is the start itself.
    KeepExpiry = 8,  ///< For umount2 itself: the walk does not count as a use of the mount (MNT_EXPIRE).
    ToTopMount =
        16,  ///< For umount2 itself: what covers the place is meant, also where the path ends in ".".
};
EXO_FLAGS(WalkFlags);

// Common to all that take a path (path_resolution(7)): Enoent (empty, or a component is missing), Enotdir, Eacces
// (no search permission), Eloop (over 40 symbolic links), Enametoolong (path of 4096 bytes or more, component of more
// than 255), Enomem. `path` holds no NUL.

/// The place that `path` names; it exists.
Result<Path> resolve(const Caller& caller, Start start, std::string_view path, WalkFlags flags);

/// open, openat, creat. O_CLOEXEC is the table's affair. `mode` counts with O_CREAT and O_TMPFILE; umask is applied.
/// Errors: those of open(2).
Result<Ref<File>> open(const Caller& caller, Start start, std::string_view path, OpenFlags flags, u32 mode);
/// What open asks first, for who must ask before there is a path. Errors: Einval (flags that contradict each other).
Result<> check_open_flags(OpenFlags flags);
/// Opens what `path` already names (execve's program, /proc/PID/fd). Errors: those of open(2).
Result<Ref<File>> open_path(const Path& path, OpenFlags flags, const Credentials& credentials);

/// Errors: Eexist, Enospc, Emlink, Erofs; see mkdir(2).
Result<> make_directory(const Caller& caller, Start start, std::string_view path, u32 mode);
/// Regular files, fifos, sockets, devices. Errors: mknod(2).
Result<> make_node(const Caller& caller, Start start, std::string_view path, u32 mode,
                   abi::DeviceNumber device);
/// Errors: symlink(2).
Result<> make_symlink(const Caller& caller, std::string_view target, Start start, std::string_view path);
/// Errors: link(2). `flags`: SymlinkFollow, EmptyPath; who may use the latter is the caller's to ask.
Result<> make_link(const Caller& caller, Start old_start, std::string_view old_path, Start new_start,
                   std::string_view new_path, abi::AtFlags flags);
/// Whether the first half of make_link succeeds: there is something to link. Errors: as its.
Result<> check_link_source(const Caller& caller, Start start, std::string_view path, abi::AtFlags flags);
/// Errors: unlink(2).
Result<> unlink(const Caller& caller, Start start, std::string_view path);
/// Errors: rmdir(2).
Result<> remove_directory(const Caller& caller, Start start, std::string_view path);
/// Errors: rename(2).
Result<> rename(const Caller& caller, Start old_start, std::string_view old_path, Start new_start,
                std::string_view new_path, abi::RenameFlags flags);
/// What rename asks first, for who must ask before there is a path. Errors: Einval (flags that contradict each other or
/// are not known).
Result<> check_rename_flags(abi::RenameFlags flags);
/// Whether there is a directory for the last component to be in.
Result<> check_parent(const Caller& caller, Start start, std::string_view path);
/// Appends the text. Errors: readlink(2); with an empty path the start itself is read.
Result<> read_link(const Caller& caller, Start start, std::string_view path, String& out);
/// access, faccessat: with the credentials of the caller given. Errors: Eacces, Erofs, Etxtbsy, Einval.
Result<> check_access(const Caller& caller, Start start, std::string_view path, abi::AccessMode mode,
                      WalkFlags flags);
/// truncate(2). Errors: Einval, Eisdir, Eacces, Erofs, Efbig, Etxtbsy, Eperm.
Result<> truncate(const Caller& caller, Start start, std::string_view path, u64 size,
                  const WriteContext& context);
/// chdir, fchdir, chroot: the directory may be entered. Errors: Enotdir, Eacces.
Result<> check_directory(const Path& path, const Credentials& credentials);

// ---- Attributes, of a resolved path or an open file's.

/// What a chmod, chown or utimensat works on; the mount is null for files without a place (pipes).
struct Target {
    Inode& inode;
    Mount* mount = nullptr;
    Target(Inode& target, Mount* through) : inode(target), mount(through) {}
    explicit Target(const Path& path) : inode(path.inode()), mount(path.mount.get()) {}
    explicit Target(const File& file) : inode(file.inode()), mount(file.path().mount.get()) {}
};
/// Errors: Eperm, Erofs; Eopnotsupp for a symbolic link.
Result<> change_mode(const Target& target, u32 mode, const Credentials& credentials);
/// An absent id stays. Errors: Eperm, Erofs.
Result<> change_owner(const Target& target, std::optional<UserId> uid, std::optional<GroupId> gid,
                      const Credentials& credentials);
struct TimeChange {
    enum class Kind : u8 { Omit, Now, Set } kind = Kind::Omit;
    Timestamp time{};
};
/// utimensat. Errors: Eperm (a time given by another than the owner), Eacces (both now, no write permission), Erofs.
Result<> change_times(const Target& target, TimeChange access, TimeChange modification,
                      const Credentials& credentials);

/// One extended attribute's value. Errors: Enodata, Eopnotsupp, Einval (a prefix alone), Eacces, Enomem.
Result<Vector<u8>> get_extended_attribute(Inode& inode, std::string_view name,
                                          const Credentials& credentials);
/// The names that the caller may see, each ended by a zero byte. Errors: Enomem.
Result<Vector<u8>> list_extended_attributes(Inode& inode, const Credentials& credentials);
/// Errors: Eperm, Eacces, Eopnotsupp, Einval (a prefix alone, capabilities that make no sense), Eexist, Enodata, Enospc, Enomem.
Result<> set_extended_attribute(Inode& inode, std::string_view name, std::span<const u8> value,
                                abi::XattrFlags flags, const Credentials& credentials);
/// Errors: Eperm, Eacces, Eopnotsupp, Einval, Enodata.
Result<> remove_extended_attribute(Inode& inode, std::string_view name, const Credentials& credentials);

/// Cuts or extends a regular file that may be written: what ftruncate, truncate and O_TRUNC do after their checks.
/// Errors: Efbig, Enospc, Enomem, Einval.
enum class TruncateTimes : u8 { Always, IfSizeChanges };
Result<> truncate_inode(Inode& inode, u64 size, TruncateTimes times, const WriteContext& context);

/// stat's structure.
void fill_stat(Inode& inode, abi::stat& out);
/// statx's structure, with what is known anyway and what `wanted` adds; `path` may be null.
void fill_statx(Inode& inode, const Path* path, abi::StatxMask wanted, abi::statx& out);
/// statfs and fstatfs; `mount` may be null. Errors: Enosys (no file system behind it), Eio.
Result<> fill_statfs(Inode& inode, const Mount* mount, abi::statfs& out);

/// Makes an open file out of an inode that is in no tree, or by type: devices, fifos, directories, regular files.
/// Permissions have been checked.
Result<Ref<File>> open_inode(OpenRequest&& request);

}  // namespace exo::fs
