// Who may read and change which extended attribute (xattr(7)). LINUX: fs/xattr.c, and security/commoncap.c, the only security module.
#include "fs/node/extended_attributes.hpp"

#include <cstring>

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

/// What belongs to root is told in the older form, which every program knows. LINUX: cap_inode_getsecurity.
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

}  // namespace

Result<Vector<u8>> get_extended_attribute(Inode& inode, std::string_view name,
                                          const Credentials& credentials) {
    TRY(check_attribute(inode, name, AccessMode::Read, credentials));
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
    auto content = TRY(inode.content_lock.lock_killable());
    const ExtendedAttributes* attributes = inode.extended_attributes(*content);
    if (attributes == nullptr) return names;
    TRY(attributes->for_each([&](std::string_view name) -> Result<> {
        if (is_trusted(name) && !sees_trusted) return {};
        // SAFETY: characters are bytes.
        TRY(names.append({reinterpret_cast<const u8*>(name.data()), name.size()}));
        return names.push(0);
    }));
    return names;
}

// LINUX: vfs_setxattr. What is no capability is refused before the lock is taken, everything else under it.
Result<> set_extended_attribute(Inode& inode, std::string_view name, std::span<const u8> value,
                                abi::XattrFlags flags, const Credentials& credentials) {
    const bool is_capability = name == abi::xattr::CAPABILITY;
    if (is_capability && !value.empty()) {
        if (!is_revision_2(value) && !is_revision_3(value)) return Error::Einval;
        if (!credentials.may(Privilege::Setfcap)) return Error::Eperm;
    }
    auto content = TRY(inode.content_lock.lock_killable());
    TRY(check_attribute(inode, name, AccessMode::Write, credentials));
    // STRICTER than Linux, which lets everybody set empty capabilities, and then nobody can execute the file.
    TRY(check_security(name, credentials));
    TRY(check_kept(inode, name));
    TRY(inode.set_extended_attribute(*content, name, value, flags));
    if (is_capability) inode.has_file_capabilities.store(true, std::memory_order_relaxed);
    return {};
}

Result<> remove_extended_attribute(Inode& inode, std::string_view name, const Credentials& credentials) {
    auto content = TRY(inode.content_lock.lock_killable());
    TRY(check_attribute(inode, name, AccessMode::Write, credentials));
    TRY(check_security(name, credentials));
    TRY(check_kept(inode, name));
    TRY(inode.remove_extended_attribute(*content, name));
    if (name == abi::xattr::CAPABILITY) inode.has_file_capabilities.store(false, std::memory_order_relaxed);
    return {};
}

}  // namespace exo::fs
