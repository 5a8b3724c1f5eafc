#include "fs/tree/permission.hpp"

namespace exo::fs {

using abi::AccessMode;
using abi::OpenFlags;

namespace {

/// The permissions, in the last three bits, of a caller who is not the owner. Bits that are not in `wanted`
/// are undefined. `mode` is the inode's mode_word.
/// LINUX: acl_permission_check.
u32 granted_to_others(const Inode& inode, u32 mode, AccessMode wanted, const Credentials& credentials) {
    if ((mode & Inode::has_list_bit(AccessListKind::Access)) != 0 && (mode & 0070) != 0) [[unlikely]] {
        if (const Ref<AccessControlList> list = inode.access_list(AccessListKind::Access))
            return list->grants(inode.gid(), wanted, credentials) ? abi::raw(wanted) : 0;
    }
    return credentials.is_member_of(inode.gid()) ? mode >> 3 : mode;
}

}  // namespace

Result<> check_permission(const Inode& inode, AccessMode wanted, const Credentials& credentials) {
    const u32 mode = inode.mode_word();
    const u32 mask = abi::raw(wanted);
    if ((mode & Inode::HAS_OWN_ACCESS) != 0) [[unlikely]] {
        // LINUX: inode_permission looks at the flag before it asks the file system.
        if (has(wanted, AccessMode::Write) && has(inode.traits(), InodeTraits::Immutable))
            return Error::Eperm;
        if (const auto answer = inode.check_access(wanted, credentials)) return *answer;
    }
    const u32 granted =
        inode.uid() == credentials.uid ? mode >> 6 : granted_to_others(inode, mode, wanted, credentials);
    if ((granted & mask) == mask) return {};

    if (has(wanted, AccessMode::Write) && has(inode.traits(), InodeTraits::Immutable)) return Error::Eperm;
    if (abi::is_directory(mode)) {
        if (!has(wanted, AccessMode::Write) && credentials.may(Privilege::DacReadSearch)) return {};
        if (credentials.may(Privilege::DacOverride)) return {};
        return Error::Eacces;
    }
    if (wanted == AccessMode::Read && credentials.may(Privilege::DacReadSearch)) return {};
    // Even a privileged caller may only execute a file that has an execute bit set.
    if ((!has(wanted, AccessMode::Execute) || (mode & 0111) != 0) && credentials.may(Privilege::DacOverride))
        return {};
    return Error::Eacces;
}

/// LINUX: may_create_in_sticky.
Result<> check_create_in_sticky(const Inode& directory, const Inode& found, const Credentials& credentials) {
    const u32 mode = found.mode();
    const u64 level = abi::is_regular(mode) ? protected_regular.load(std::memory_order_relaxed)
                      : abi::is_fifo(mode)  ? protected_fifos.load(std::memory_order_relaxed)
                                            : 0;
    if (level == 0 || (directory.mode() & abi::mode::STICKY) == 0) return {};
    if (found.uid() == directory.uid() || found.uid() == credentials.uid) return {};
    if ((directory.mode() & 0002) != 0) return Error::Eacces;
    return (directory.mode() & 0020) != 0 && level >= 2 ? Result<>(Error::Eacces) : Result<>();
}

Result<> check_linkable(const Inode& inode, const Credentials& credentials) {
    if (protected_hardlinks.load(std::memory_order_relaxed) == 0) return {};
    constexpr u32 SET_GROUP = abi::mode::SET_GID | 0010;
    const u32 mode = inode.mode();
    if (is_owner(inode, credentials)) return {};
    if (!abi::is_regular(mode) || (mode & abi::mode::SET_UID) != 0 || (mode & SET_GROUP) == SET_GROUP)
        return Error::Eperm;
    if (!check_permission(inode, AccessMode::Read | AccessMode::Write, credentials)) return Error::Eperm;
    return {};
}

Result<> check_follow(const Inode& link, const Inode& directory, const Credentials& credentials) {
    if (protected_symlinks.load(std::memory_order_relaxed) == 0) return {};
    constexpr u32 FOR_EVERYBODY = abi::mode::STICKY | 0002;
    if ((directory.mode() & FOR_EVERYBODY) != FOR_EVERYBODY) return {};
    if (link.uid() == credentials.uid || link.uid() == directory.uid()) return {};
    return Error::Eacces;
}

Result<> check_writable(const Mount& mount) {
    if (mount.is_read_only()) return Error::Erofs;
    return {};
}

Result<> check_create(const Path& directory, const Credentials& credentials) {
    if (directory.dentry->is_deleted()) return Error::Enoent;
    TRY(check_writable(*directory.mount));
    return check_permission(directory.inode(), AccessMode::Write | AccessMode::Execute, credentials);
}

Result<> check_remove(const Path& directory, const Inode& victim, const Credentials& credentials) {
    TRY(check_writable(*directory.mount));
    const Inode& inode = directory.inode();
    TRY(check_permission(inode, AccessMode::Write | AccessMode::Execute, credentials));
    if ((inode.mode() & abi::mode::STICKY) == 0) return {};
    if (victim.uid() == credentials.uid || inode.uid() == credentials.uid) return {};
    if (credentials.may(Privilege::Fowner)) return {};
    return Error::Eperm;
}

Result<> check_device_access(const Path& path) {
    if (has(path.mount->options(), MountOptions::NoDev)) return Error::Eacces;
    return {};
}

Result<> check_open(const Path& path, OpenFlags flags, const Credentials& credentials) {
    const Inode& inode = path.inode();
    const u32 mode = inode.mode();
    const OpenFlags access = flags & OpenFlags::Accmode;
    const bool writes = access != OpenFlags::Rdonly || has(flags, OpenFlags::Trunc);
    if (abi::is_symlink(mode)) return Error::Eloop;
    if (abi::is_directory(mode) && writes) return Error::Eisdir;
    if (abi::is_character_device(mode) || abi::is_block_device(mode)) TRY(check_device_access(path));
    if (abi::is_regular(mode) && writes) TRY(check_writable(*path.mount));

    // Access mode 3 asks for both permissions (open(2), "BUGS").
    AccessMode wanted = AccessMode::Exists;
    if (access != OpenFlags::Wronly) wanted |= AccessMode::Read;
    if (writes) wanted |= AccessMode::Write;
    TRY(check_permission(inode, wanted, credentials));
    if (has(flags, OpenFlags::Noatime) && !is_owner(inode, credentials)) return Error::Eperm;
    return {};
}

namespace {

/// LINUX: in_group_or_capable.
bool may_give_group(GroupId group, const Credentials& credentials) {
    return credentials.is_member_of(group) || credentials.may(Privilege::Fsetid);
}

}  // namespace

Result<> prepare_new_node(const Inode& directory, const Credentials& credentials, u32 umask, NewNode& node) {
    constexpr u32 RUNS_AS_GROUP = abi::mode::SET_GID | 0010;
    node.uid = credentials.uid;
    node.gid = credentials.gid;
    if ((directory.mode() & abi::mode::SET_GID) != 0) {
        node.gid = directory.gid();
        if (abi::is_directory(node.mode)) node.mode |= abi::mode::SET_GID;
        // LINUX: vfs_prepare_mode looks at the mode before the umask, which could hide the group's right to execute.
        else if ((node.mode & RUNS_AS_GROUP) == RUNS_AS_GROUP && !may_give_group(node.gid, credentials))
            node.mode &= ~abi::mode::SET_GID;
    }
    if (abi::is_symlink(node.mode)) return {};
    Ref<AccessControlList> inherited;
    if (directory.has_access_list(AccessListKind::Default)) [[unlikely]]
        inherited = directory.access_list(AccessListKind::Default);
    if (!inherited) {
        node.mode &= ~umask;
        return {};
    }
    node.access_list = TRY(inherited->for_new(node.mode));
    if (abi::is_directory(node.mode)) node.default_list = inherited;
    return {};
}

u32 mode_without_privileges(const Inode& inode, const Credentials& credentials) {
    const u32 mode = inode.mode() & ~abi::mode::SET_UID;
    // LINUX: without group execution the bit stays for those who might set it (setattr_should_drop_sgid).
    if ((mode & 0010) == 0 && may_give_group(inode.gid(), credentials)) return mode;
    return mode & ~abi::mode::SET_GID;
}

void drop_file_capabilities(Inode& inode, InodeContent& content) {
    if (!inode.has_file_capabilities.load(std::memory_order_relaxed)) return;
    (void)inode.remove_extended_attribute(content, abi::xattr::CAPABILITY);
    inode.has_file_capabilities.store(false, std::memory_order_relaxed);
}

void drop_privileges(Inode& inode, InodeContent& content, const Credentials& credentials) {
    drop_file_capabilities(inode, content);
    if (credentials.may(Privilege::Fsetid)) return;
    inode.set_mode(mode_without_privileges(inode, credentials));
}

}  // namespace exo::fs
