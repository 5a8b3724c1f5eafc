// Linux extended attributes (include/uapi/linux/xattr.h, limits.h), the capabilities of files
// (include/uapi/linux/capability.h) and access control lists (posix_acl.h, posix_acl_xattr.h), x86-64.
#pragma once

#include <cstdint>
#include <string_view>

#include "abi/linux/flag_enum.hpp"

namespace exo::abi {

enum class XattrFlags : std::uint32_t { None = 0, Create = 1, Replace = 2 };
template <> inline constexpr bool IS_FLAG_ENUM<XattrFlags> = true;

inline constexpr std::size_t MAX_XATTR_NAME = 255;
inline constexpr std::size_t MAX_XATTR_VALUE = 65536;
inline constexpr std::size_t MAX_XATTR_LIST = 65536;

namespace xattr {
inline constexpr std::string_view SECURITY = "security.";
inline constexpr std::string_view SYSTEM = "system.";
inline constexpr std::string_view TRUSTED = "trusted.";
inline constexpr std::string_view USER = "user.";
inline constexpr std::string_view CAPABILITY = "security.capability";
inline constexpr std::string_view ACCESS_LIST = "system.posix_acl_access";
inline constexpr std::string_view DEFAULT_LIST = "system.posix_acl_default";
}  // namespace xattr

/// struct vfs_cap_data, and vfs_ns_cap_data of revision 3 with the id of a user namespace's root. Little endian.
struct vfs_cap_data {
    std::uint32_t magic_etc;
    struct {
        std::uint32_t permitted;
        std::uint32_t inheritable;
    } data[2];
    std::uint32_t rootid;
};
inline constexpr std::uint32_t VFS_CAP_REVISION_MASK = 0xff000000;
inline constexpr std::uint32_t VFS_CAP_REVISION_1 = 0x01000000;
inline constexpr std::uint32_t VFS_CAP_REVISION_2 = 0x02000000;
inline constexpr std::uint32_t VFS_CAP_REVISION_3 = 0x03000000;
inline constexpr std::uint32_t VFS_CAP_FLAGS_EFFECTIVE = 1;
inline constexpr std::size_t VFS_CAP_SIZE_1 = 12;
inline constexpr std::size_t VFS_CAP_SIZE_2 = 20;
inline constexpr std::size_t VFS_CAP_SIZE_3 = 24;

enum class AclTag : std::uint16_t {
    UserObj = 0x01,   ///< ACL_USER_OBJ: the file's owner
    User = 0x02,      ///< the user e_id
    GroupObj = 0x04,  ///< ACL_GROUP_OBJ: the file's group
    Group = 0x08,     ///< the group e_id
    Mask = 0x10,      ///< the most that User, GroupObj and Group grant
    Other = 0x20,
};
struct posix_acl_xattr_header {
    std::uint32_t a_version;
};
/// An access control list is a header and then these. Little endian.
struct posix_acl_xattr_entry {
    AclTag e_tag;
    std::uint16_t e_perm;
    std::uint32_t e_id;
};
inline constexpr std::uint32_t POSIX_ACL_XATTR_VERSION = 2;

}  // namespace exo::abi
