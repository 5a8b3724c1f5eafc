// Who may do what to an inode (path_resolution(7), "Permissions"; capabilities(7)).
#pragma once

#include "fs/tree/path.hpp"

namespace exo::fs {

/// Errors: Eacces, Eperm (the inode is immutable), and those of Inode::check_access.
Result<> check_permission(const Inode& inode, abi::AccessMode wanted, const Credentials& credentials);

/// The search permission on a directory, without a call in the common case. Errors: those of check_permission.
inline Result<> check_search(const Inode& directory, const Credentials& credentials) {
    if ((directory.mode() & 0111) == 0111 && !has(directory.traits(), InodeTraits::OwnAccess)) [[likely]]
        return {};
    return check_permission(directory, abi::AccessMode::Execute, credentials);
}

/// The file's owner, or privileged as if (CAP_FOWNER).
inline bool is_owner(const Inode& inode, const Credentials& credentials) {
    return inode.uid() == credentials.uid || credentials.may(Privilege::Fowner);
}

// /proc/sys/fs/protected_*, with the values of proc(5). The defaults are those of Debian's kernel.
inline constinit std::atomic<u64> protected_fifos{0};
inline constinit std::atomic<u64> protected_hardlinks{1};
inline constinit std::atomic<u64> protected_regular{0};
inline constinit std::atomic<u64> protected_symlinks{1};

/// protected_fifos and protected_regular: open with O_CREAT of what somebody else put into a sticky folder.
/// Errors: Eacces.
Result<> check_create_in_sticky(const Inode& directory, const Inode& found, const Credentials& credentials);

/// protected_hardlinks: a name for a file of somebody else's only if that file may be read and written, and
/// gives nobody rights by being executed. Errors: Eperm.
Result<> check_linkable(const Inode& inode, const Credentials& credentials);

/// protected_symlinks: in a folder for everybody, as /tmp, a path ends in a link only for the link's owner, or
/// if the folder's owner made it. Errors: Eacces.
Result<> check_follow(const Inode& link, const Inode& directory, const Credentials& credentials);

/// The mount and its file system may be written to. Errors: Erofs.
Result<> check_writable(const Mount& mount);

/// A name may be made in `directory`. Errors: Eacces, Erofs, Enoent (the directory was removed).
Result<> check_create(const Path& directory, const Credentials& credentials);

/// `victim` may be taken out of `directory`: write and search permission, and the sticky bit.
/// Errors: Eacces, Eperm, Erofs.
Result<> check_remove(const Path& directory, const Inode& victim, const Credentials& credentials);

/// open(2) with `flags` on an inode that exists. Errors: Eacces, Erofs, Eisdir, Enxio, Eperm, Eloop.
Result<> check_open(const Path& path, abi::OpenFlags flags, const Credentials& credentials);

/// A device node opens only through a mount without nodev. Errors: Eacces.
Result<> check_device_access(const Path& path);

/// The owner, group and mode of a node made in `directory`, whose mode is still as the program gave it: a set-group-id
/// directory hands its group down (mkdir(2), open(2)); a default access control list says what the node begins with, and without one
/// the umask takes its bits. Errors: Enomem.
Result<> prepare_new_node(const Inode& directory, const Credentials& credentials, u32 umask, NewNode& node);

/// The mode that a write or a change of owner by `credentials` leaves (chown(2), inode(7)).
u32 mode_without_privileges(const Inode& inode, const Credentials& credentials);

/// Takes security.capability away. LINUX: cap_inode_killpriv.
void drop_file_capabilities(Inode& inode, InodeContent& content);

/// The part of drop_privileges_on_write for files that have some.
[[gnu::cold]] void drop_privileges(Inode& inode, InodeContent& content, const Credentials& credentials);

/// A file's content is about to change: takes the set-id bits away unless the writer may keep them, and its capabilities.
inline void drop_privileges_on_write(Inode& inode, InodeContent& content, const Credentials& credentials) {
    const bool has_bits = (inode.mode() & (abi::mode::SET_UID | abi::mode::SET_GID)) != 0;
    if (has_bits || inode.has_file_capabilities.load(std::memory_order_relaxed)) [[unlikely]]
        drop_privileges(inode, content, credentials);
}

}  // namespace exo::fs
