// Linux mount(2) and umount2(2) flags (include/uapi/linux/mount.h, include/linux/fs.h).
#pragma once

#include <cstdint>

#include "abi/linux/flag_enum.hpp"

namespace exo::abi {

enum class MountFlags : std::uint64_t {
    None = 0,
    Rdonly = 1,
    Nosuid = 2,
    Nodev = 4,
    Noexec = 8,
    Synchronous = 16,
    Remount = 32,
    Mandlock = 64,
    Dirsync = 128,
    Nosymfollow = 256,
    Noatime = 1024,
    Nodiratime = 2048,
    Bind = 4096,
    Move = 8192,
    Rec = 16384,
    Silent = 32768,
    Posixacl = 1 << 16,
    Unbindable = 1 << 17,
    Private = 1 << 18,
    Slave = 1 << 19,
    Shared = 1 << 20,
    Relatime = 1 << 21,
    IVersion = 1 << 23,
    Strictatime = 1 << 24,
    Lazytime = 1 << 25,
};
template <> inline constexpr bool IS_FLAG_ENUM<MountFlags> = true;

/// The magic that old programs put into the upper half of the flags (MS_MGC_VAL), to be ignored.
inline constexpr std::uint64_t MOUNT_MAGIC = 0xc0ed'0000;
inline constexpr std::uint64_t MOUNT_MAGIC_MASK = 0xffff'0000;

enum class UmountFlags : std::uint32_t { None = 0, Force = 1, Detach = 2, Expire = 4, Nofollow = 8 };
template <> inline constexpr bool IS_FLAG_ENUM<UmountFlags> = true;

}  // namespace exo::abi
