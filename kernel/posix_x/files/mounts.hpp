// The system calls of mounts.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/mount.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

using KnownUmountFlags = Known<abi::UmountFlags::Force | abi::UmountFlags::Detach | abi::UmountFlags::Expire |
                               abi::UmountFlags::Nofollow>;

Result<> sys_mount(Context&, OrNull<TextArgument> source, DirectoryPath target, OrNull<TextArgument> type,
                   abi::MountFlags flags, OrNull<TextArgument> data);
Result<> sys_umount2(Context&, DirectoryPath target, KnownUmountFlags given);

inline constexpr syscall::Family MOUNTS_FAMILY{"mounts", "kernel/posix_x/files/mounts.cpp"};
inline constexpr syscall::Call MOUNTS_CALLS[] = {
    call<sys_mount>(165, "mount", MOUNTS_FAMILY),
    call<sys_umount2>(166, "umount2", MOUNTS_FAMILY),
};

}  // namespace exo::posix_x
