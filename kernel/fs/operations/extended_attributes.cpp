// Permissions of extended attributes (xattr(7)). LINUX: fs/xattr.c, and security/commoncap.c, the only
// security module.
#include "fs/node/extended_attributes.hpp"

#include <cstring>
#include <optional>

#include "fs/node/file_system.hpp"
#include "fs/operations/path_walk.hpp"
#include "fs/tree/permission.hpp"

namespace exo::fs {

namespace {

using abi::AccessMode;

bool is_trusted(std::string_view name) { return name.starts_with(abi::xattr::TRUSTED); }
bool is_security(std::string_view name) { return name.starts_with(abi::xattr::SECURITY); }

/// LINUX: xattr_permission.
Result<> check_attribute(const Inode& inode, std::string_view name, AccessMode mode,
                         const Credentials& credentials) {
    const bool writes = mode == AccessMode::Write;
    if (writes && has(inode.traits(), InodeTraits::Immutable)) return Error::Eperm;
    if (is_security(name) || name.starts_with(abi::xattr::SYSTEM)) return {};
    const Error hidden = writes ? Error::Eperm : Error::Enodata;
    if (is_trusted(name)) return credentials.may(Privilege::SysAdmin) ? Result<>{} : hidden;
    if (name.starts_with(abi::xattr::USER)) {
        if (!inode.is_regular() && !inode.is_directory()) return hidden;
        const bool is_sticky = inode.is_directory() && (inode.mode() & abi::mode::STICKY) != 0;
        if (writes && is_sticky && !is_owner(inode, credentials)) return Error::Eperm;
    }
    return check_permission(inode, mode, credentials);
}

/// LINUX: xattr_resolve_name, with the handlers of tmpfs.
Result<> check_kept(const Inode& inode, std::string_view name) {
    if (!inode.file_system().keeps_extended_attributes()) return Error::Eopnotsupp;
    if (!is_trusted(name) && !is_security(name)) return Error::Eopnotsupp;
    return name == abi::xattr::TRUSTED || name == abi::xattr::SECURITY ? Error::Einval : Result<>{};
}

/// LINUX: cap_inode_setxattr and cap_inode_removexattr.
Result<> check_security(std::string_view name, const Credentials& credentials) {
    if (!is_security(name)) return {};
    const bool is_capability = name == abi::xattr::CAPABILITY;
    return credentials.may(is_capability ? Privilege::Setfcap : Privilege::SysAdmin) ? Result<>{}
                                                                                     : Error::Eperm;
}

u32 revision_of(std::span<const u8> value) {
    u32 magic = 0;
    std::memcpy(&magic, value.data(), sizeof magic);
    return magic & ~abi::VFS_CAP_FLAGS_EFFECTIVE;
}

bool is_revision_2(std::span<const u8> value) {
    return value.size() == abi::VFS_CAP_SIZE_2 && revision_of(value) == abi::VFS_CAP_REVISION_2;
}

bool is_revision_3(std::span<const u8> value) {
    return value.size() == abi::VFS_CAP_SIZE_3 && revision_of(value) == abi::VFS_CAP_REVISION_3;
}

/// Converts capabilities whose root id is 0 to revision 2, which every program understands. LINUX:
/// cap_inode_getsecurity.
void tell_as_revision_2(Vector<u8>& value) {
    if (!is_revision_3(value)) return;
    u32 root = 0;
    std::memcpy(&root, value.data() + abi::VFS_CAP_SIZE_2, sizeof root);
    if (root != 0) return;
    u32 magic = 0;
    std::memcpy(&magic, value.data(), sizeof magic);
    magic = abi::VFS_CAP_REVISION_2 | (magic & abi::VFS_CAP_FLAGS_EFFECTIVE);
    std::memcpy(value.data(), &magic, sizeof magic);
    while (value.size() > abi::VFS_CAP_SIZE_2) value.pop();
}

// ---- Access control lists are attributes with a meaning of their own. LINUX: fs/posix_acl.c.

std::optional<AccessListKind> access_list_kind(std::string_view name) {
    if (name == abi::xattr::ACCESS_LIST) return AccessListKind::Access;
    if (name == abi::xattr::DEFAULT_LIST) return AccessListKind::Default;
    return std::nullopt;
}

Result<Vector<u8>> get_access_list(Inode& inode, AccessListKind kind) {
    if (!inode.file_system().keeps_access_lists() || inode.is_symlink()) return Error::Eopnotsupp;
    const Ref<AccessControlList> list = inode.access_list(kind);
    if (!list) return Error::Enodata;
    return list->encode();
}

/// Sets a list. A list without entries, and nullopt, remove the list.
Result<> set_access_list(Inode& inode, InodeContent& content, AccessListKind kind,
                         std::optional<std::span<const u8>> value, const Credentials& credentials) {
    if (!inode.file_system().keeps_access_lists()) return Error::Eopnotsupp;
    Ref<AccessControlList> list = value ? TRY(AccessControlList::parse(*value)) : nullptr;
    if (inode.is_symlink()) return Error::Eopnotsupp;
    if (kind == AccessListKind::Default && !inode.is_directory()) return list ? Error::Eacces : Result<>{};
    if (!is_owner(inode, credentials)) return Error::Eperm;
    if (list) TRY(list->check_form());
    u32 mode = inode.mode();
    if (kind == AccessListKind::Access) {
        if (list) {
            const auto as_mode = list->as_mode();
            mode = (mode & ~0777U) | as_mode.permissions;
            if (as_mode.says_all) list = nullptr;
        }
        if (!credentials.is_member_of(inode.gid()) && !credentials.may(Privilege::Fsetid))
            mode &= ~abi::mode::SET_GID;
    }
    TRY(inode.set_access_list(content, kind, std::move(list)));
    inode.set_mode(mode);
    inode.note_changed();
    return inode.attributes_changed(content);
}

}  // namespace

Result<Vector<u8>> get_extended_attribute(Inode& inode, std::string_view name,
                                          const Credentials& credentials) {
    TRY(check_attribute(inode, name, AccessMode::Read, credentials));
    if (const auto kind = access_list_kind(name)) return get_access_list(inode, *kind);
    TRY(check_kept(inode, name));
    Vector<u8> value;
    {
        auto content = TRY(inode.content_lock.lock_killable());
        const ExtendedAttributes* attributes = inode.extended_attributes(*content);
        const Vector<u8>* found = attributes != nullptr ? attributes->find(name) : nullptr;
        if (found == nullptr) return Error::Enodata;
        TRY(value.append({found->data(), found->size()}));
    }
    if (name == abi::xattr::CAPABILITY) tell_as_revision_2(value);
    return value;
}

Result<Vector<u8>> list_extended_attributes(Inode& inode, const Credentials& credentials) {
    Vector<u8> names;
    const bool sees_trusted = credentials.may(Privilege::SysAdmin);
    const auto add = [&](std::string_view name) -> Result<> {
        if (is_trusted(name) && !sees_trusted) return {};
        // SAFETY: characters are bytes.
        TRY(names.append({reinterpret_cast<const u8*>(name.data()), name.size()}));
        return names.push(0);
    };
    auto content = TRY(inode.content_lock.lock_killable());
    if (inode.has_access_list(AccessListKind::Access)) TRY(add(abi::xattr::ACCESS_LIST));
    if (inode.has_access_list(AccessListKind::Default)) TRY(add(abi::xattr::DEFAULT_LIST));
    if (const ExtendedAttributes* attributes = inode.extended_attributes(*content))
        TRY(attributes->for_each(add));
    return names;
}

// LINUX: vfs_setxattr. Malformed capabilities are refused before the lock is taken; all other checks run
// under it.
Result<> set_extended_attribute(Inode& inode, std::string_view name, std::span<const u8> value,
                                abi::XattrFlags flags, const Credentials& credentials) {
    const bool is_capability = name == abi::xattr::CAPABILITY;
    if (is_capability && !value.empty()) {
        if (!is_revision_2(value) && !is_revision_3(value)) return Error::Einval;
        if (!credentials.may(Privilege::Setfcap)) return Error::Eperm;
    }
    auto content = TRY(inode.content_lock.lock_killable());
    TRY(check_attribute(inode, name, AccessMode::Write, credentials));
    // STRICTER than Linux, which lets every user set empty capabilities, after which no user can execute the
    // file.
    TRY(check_security(name, credentials));
    if (const auto kind = access_list_kind(name))
        return set_access_list(inode, *content, *kind, value, credentials);
    TRY(check_kept(inode, name));
    TRY(inode.set_extended_attribute(*content, name, value, flags));
    if (is_capability) inode.has_file_capabilities.store(true, std::memory_order_relaxed);
    return {};
}

Result<> remove_extended_attribute(Inode& inode, std::string_view name, const Credentials& credentials) {
    auto content = TRY(inode.content_lock.lock_killable());
    TRY(check_attribute(inode, name, AccessMode::Write, credentials));
    TRY(check_security(name, credentials));
    if (const auto kind = access_list_kind(name))
        return set_access_list(inode, *content, *kind, std::nullopt, credentials);
    TRY(check_kept(inode, name));
    TRY(inode.remove_extended_attribute(*content, name));
    if (name == abi::xattr::CAPABILITY) inode.has_file_capabilities.store(false, std::memory_order_relaxed);
    return {};
}

}  // namespace exo::fs
