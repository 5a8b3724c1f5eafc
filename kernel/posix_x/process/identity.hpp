// Identity: the authority of a task: user and group ids, supplementary groups, capabilities (credentials(7)).
//
// An identity is immutable: a call such as setuid makes a new one and replaces the old. So a holder of a
// reference can read it without a lock.
#pragma once

#include "fs/node/credentials.hpp"
#include "utils/object.hpp"
#include "utils/vector.hpp"

namespace exo::posix_x {

using fs::GroupId;
using fs::UserId;
using security::UserRecord;

/// A set of capabilities(7), one bit each.
using CapabilitySet = u64;
inline constexpr u32 LAST_CAPABILITY = 40;
inline constexpr CapabilitySet ALL_CAPABILITIES = (1ULL << (LAST_CAPABILITY + 1)) - 1;

/// The capabilities that posix_x checks (include/uapi/linux/capability.h).
enum class Capability : u8 {
    Kill = 5,
    Setgid = 6,
    Setuid = 7,
    Setpcap = 8,
    NetAdmin = 12,
    IpcLock = 14,
    SysRawio = 17,
    SysChroot = 18,
    SysPtrace = 19,
    SysAdmin = 21,
    SysBoot = 22,
    SysNice = 23,
    SysResource = 24,
    SysTime = 25,
    SysTtyConfig = 26,
    Syslog = 34,
    WakeAlarm = 35,
    BlockSuspend = 36,
    CheckpointRestore = 40,
};

/// Supplementary groups, in ascending order. The list is immutable, and identities share it.
struct GroupList final : Object {
    Vector<GroupId> ids;
};

class Identity final : public Object {
  public:
    UserId uid = 0, euid = 0, suid = 0, fsuid = 0;
    GroupId gid = 0, egid = 0, sgid = 0, fsgid = 0;
    Ref<GroupList> group_list;       ///< Null: none.
    Ref<security::UserRecord> user;  ///< Of `uid`.
    CapabilitySet effective = ALL_CAPABILITIES;
    CapabilitySet permitted = ALL_CAPABILITIES;
    CapabilitySet inheritable = 0;
    CapabilitySet bounding = ALL_CAPABILITIES;
    CapabilitySet ambient = 0;
    bool keeps_capabilities = false;  ///< PR_SET_KEEPCAPS
    bool no_new_privileges = false;   ///< PR_SET_NO_NEW_PRIVS

    /// Makes a copy, which the caller may change before it installs it. Errors: Enomem.
    Result<Ref<Identity>> clone() const;

    std::span<const GroupId> groups() const {
        return group_list ? group_list->ids.span() : std::span<const GroupId>();
    }
    bool can(Capability capability) const { return (effective >> static_cast<u32>(capability) & 1) != 0; }
    /// The credentials for file permissions. Valid while this identity lives.
    fs::Credentials file_credentials() const { return {fsuid, fsgid, groups(), effective, user.get()}; }
    /// The credentials for access(2), which uses the real ids.
    fs::Credentials real_credentials() const {
        return {uid, gid, groups(), uid == 0 ? permitted : CapabilitySet{0}, user.get()};
    }
};

}  // namespace exo::posix_x
