// Permission checks on inodes (path_resolution(7), "Permissions"; capabilities(7)).
#pragma once

#include "fs/tree/path.hpp"

namespace exo::fs {

/// May take sleeping locks (InodeTraits::OwnAccess) and passes preemption points (access control lists).
/// Errors: Eacces, Eperm (the inode is immutable), and those of Inode::check_access.
Result<> check_permission(const Inode& inode, abi::AccessMode wanted, const Credentials& credentials);

/// Whether the caller owns the file or has CAP_FOWNER.
inline bool is_owner(const Inode& inode, const Credentials& credentials) {
    return inode.uid() == credentials.uid || credentials.may(Privilege::Fowner);
}

// /proc/sys/fs/protected_*, with the values of proc(5). The defaults are those of Debian's kernel.
inline constinit std::atomic<u64> protected_fifos{0};
inline constinit std::atomic<u64> protected_hardlinks{1};
inline constinit std::atomic<u64> protected_regular{0};
inline constinit std::atomic<u64> protected_symlinks{1};

/// protected_fifos and protected_regular: checks an open with O_CREAT of an existing file of another user in
/// a sticky directory.
/// Errors: Eacces.
Result<> check_create_in_sticky(const Inode& directory, const Inode& found, const Credentials& credentials);

/// protected_hardlinks: checks that a user may link a file of another user. The user must be able to read and
/// write the file, and executing it must not grant privileges. Errors: Eperm.
Result<> check_linkable(const Inode& inode, const Credentials& credentials);

/// protected_symlinks: checks that a path may end in `link`. In a sticky directory that everybody may write,
/// such as /tmp, the caller or the directory's owner must own the link. Errors: Eacces.
Result<> check_follow(const Inode& link, const Inode& directory, const Credentials& credentials);

/// Checks that the mount and its file system are writable. Errors: Erofs.
Result<> check_writable(const Mount& mount);

/// Checks that the caller may create a name in `directory`. Errors: Eacces, Erofs, Enoent (the directory was
/// removed).
Result<> check_create(const Path& directory, const Credentials& credentials);

/// Checks that the caller may remove `victim` from `directory`: write and search permission, and the sticky
/// bit.
/// Errors: Eacces, Eperm, Erofs.
Result<> check_remove(const Path& directory, const Inode& victim, const Credentials& credentials);

/// Checks that the caller may open an existing inode with `flags`, as open(2) does. Errors: Eacces, Erofs,
/// Eisdir, Enxio, Eperm, Eloop.
Result<> check_open(const Path& path, abi::OpenFlags flags, const Credentials& credentials);

/// Checks that a device node is not on a mount with nodev. Errors: Eacces.
Result<> check_device_access(const Path& path);

/// Sets the owner, group and mode of a new node in `directory`. On entry the mode is what the program gave. A
/// set-group-ID directory passes its group on (mkdir(2), open(2)). The directory's default access control
/// list applies to the node, or else the umask. Errors: Enomem.
Result<> prepare_new_node(const Inode& directory, const Credentials& credentials, u32 umask, NewNode& node);

/// The mode after a write or a change of owner by `credentials`, which may clear the set-ID bits (chown(2),
/// inode(7)).
u32 mode_without_privileges(const Inode& inode, const Credentials& credentials);

/// Removes the security.capability attribute. LINUX: cap_inode_killpriv.
void drop_file_capabilities(Inode& inode, InodeContent& content);

/// The slow path of drop_privileges_on_write, for files with set-ID bits or capabilities.
[[gnu::cold]] void drop_privileges(Inode& inode, InodeContent& content, const Credentials& credentials);

/// Called before a file's content changes: removes the set-ID bits, unless the writer may keep them, and the
/// file's capabilities.
inline void drop_privileges_on_write(Inode& inode, InodeContent& content, const Credentials& credentials) {
    const bool has_bits = (inode.mode() & (abi::mode::SET_UID | abi::mode::SET_GID)) != 0;
    if (has_bits || inode.has_file_capabilities.load(std::memory_order_relaxed)) [[unlikely]]
        drop_privileges(inode, content, credentials);
}

}  // namespace exo::fs
