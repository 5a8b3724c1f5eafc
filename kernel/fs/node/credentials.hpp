// Credentials: the part of a task's identity that file permissions depend on. posix_x fills it from the task.
#pragma once

#include <algorithm>
#include <span>

#include "security/user_record.hpp"
#include "utils/types.hpp"

namespace exo::fs {

using security::UserId;
using GroupId = u32;

/// The POSIX capabilities that files care about, with Linux's numbers (include/uapi/linux/capability.h).
enum class Privilege : u8 {
    Chown = 0,
    DacOverride = 1,
    DacReadSearch = 2,
    Fowner = 3,
    Fsetid = 4,
    LinuxImmutable = 9,
    NetBindService = 10,
    NetAdmin = 12,
    NetRaw = 13,
    SysChroot = 18,
    SysAdmin = 21,
    SysResource = 24,
    Mknod = 27,
    Lease = 28,
    Setfcap = 31,
};

struct Credentials {
    UserId uid = 0;  ///< The file-system user id.
    GroupId gid = 0;
    std::span<const GroupId> groups{};  ///< Supplementary, in ascending order; must outlive the call.
    u64 privileges = ~0ULL;             ///< Effective capabilities, one bit each.
    /// The record of the real user, who is charged for the memory of new pipes. It must outlive the call.
    /// Null: the kernel itself.
    security::UserRecord* payer = nullptr;

    bool may(Privilege privilege) const { return (privileges >> static_cast<u32>(privilege) & 1) != 0; }
    bool is_member_of(GroupId group) const {
        if (group == gid) return true;
        return std::binary_search(groups.begin(), groups.end(), group);
    }
};

/// The credentials of the kernel itself.
inline constexpr Credentials KERNEL_CREDENTIALS{};

}  // namespace exo::fs
