// The system calls of paths.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/fcntl.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

using AccessWanted = Known<abi::AccessMode::Read | abi::AccessMode::Write | abi::AccessMode::Execute>;

using NewName = PathOf<PathUse::Replaced>;

using AccessChecks =
    Known<abi::AccessFlags::Eaccess | abi::AccessFlags::SymlinkNofollow | abi::AccessFlags::EmptyPath>;

using LinkFlags = Known<abi::AtFlags::SymlinkFollow | abi::AtFlags::EmptyPath>;

using OldName = PathOf<PathUse::Moved>;

using LinkText = PathOf<PathUse::LinkText>;

Result<> sys_mkdirat(Context&, Start directory, NewPath path, Mode mode);
Result<> sys_mkdir(Context& context, NewPath path, Mode mode);
Result<> sys_mknodat(Context&, Start directory, NewPath path, NodeMode mode, Device device);
Result<> sys_mknod(Context& context, NewPath path, NodeMode mode, Device device);
Result<> sys_unlinkat(Context&, Start directory, PathOf<PathUse::Removed> path,
                      Known<abi::AtFlags::Removedir> flags);
Result<> sys_unlink(Context&, PathOf<PathUse::Removed> path);
Result<> sys_rmdir(Context&, PathOf<PathUse::RemovedDirectory> path);
Result<> sys_renameat2(Context&, Start old_directory, OldName old_path, Start new_directory, NewName new_path,
                       abi::RenameFlags flags);
Result<> sys_renameat(Context& context, Start old_directory, OldName old_path, Start new_directory,
                      NewName new_path);
Result<> sys_rename(Context& context, OldName old_path, NewName new_path);
Result<> sys_linkat(Context&, Start old_directory, ExistingPath old_path, Start new_directory,
                    NewPath new_path, LinkFlags given);
Result<> sys_link(Context& context, ExistingPath old_path, NewPath new_path);
Result<> sys_symlinkat(Context&, LinkText target, Start directory, NewPath path);
Result<> sys_symlink(Context& context, LinkText target, NewPath path);
Answer<Size> sys_readlinkat(Context&, Start directory, PathOf<PathUse::Symlink> path, OutBytes<3> buffer,
                            SignedSize size);
Answer<Size> sys_readlink(Context&, PathOf<PathUse::Symlink> path, OutBytes<2> buffer, SignedSize size);
Result<> sys_access(Context&, ExistingPath path, AccessWanted mode);
Result<> sys_faccessat(Context&, Start directory, ExistingPath path, AccessWanted mode);
Result<> sys_faccessat2(Context&, Start directory, ExistingPath path, AccessWanted mode, AccessChecks flags);
Result<> sys_chdir(Context&, DirectoryPath path);
Result<> sys_fchdir(Context&, DirectoryDescriptor fd);
Result<> sys_chroot(Context&, DirectoryPath path);
Answer<Size> sys_getcwd(Context&, OutBytes<1> buffer, Size size);
Answer<ModeMask> sys_umask(Context&, ModeMask mask);
Result<> sys_truncate(Context&, ExistingPath path, FileOffset size);

inline constexpr syscall::Family PATHS_FAMILY{"paths", "kernel/posix_x/files/paths.cpp"};
inline constexpr syscall::Call PATHS_CALLS[] = {
    call<sys_access>(21, "access", PATHS_FAMILY),
    call<sys_truncate>(76, "truncate", PATHS_FAMILY),
    call<sys_getcwd>(79, "getcwd", PATHS_FAMILY),
    call<sys_chdir>(80, "chdir", PATHS_FAMILY),
    call<sys_fchdir>(81, "fchdir", PATHS_FAMILY),
    call<sys_rename>(82, "rename", PATHS_FAMILY),
    call<sys_mkdir>(83, "mkdir", PATHS_FAMILY),
    call<sys_rmdir>(84, "rmdir", PATHS_FAMILY),
    call<sys_link>(86, "link", PATHS_FAMILY),
    call<sys_unlink>(87, "unlink", PATHS_FAMILY),
    call<sys_symlink>(88, "symlink", PATHS_FAMILY),
    call<sys_readlink>(89, "readlink", PATHS_FAMILY),
    call<sys_umask>(95, "umask", PATHS_FAMILY),
    call<sys_mknod>(133, "mknod", PATHS_FAMILY),
    call<sys_chroot>(161, "chroot", PATHS_FAMILY),
    call<sys_mkdirat>(258, "mkdirat", PATHS_FAMILY),
    call<sys_mknodat>(259, "mknodat", PATHS_FAMILY),
    call<sys_unlinkat>(263, "unlinkat", PATHS_FAMILY),
    call<sys_renameat>(264, "renameat", PATHS_FAMILY),
    call<sys_linkat>(265, "linkat", PATHS_FAMILY),
    call<sys_symlinkat>(266, "symlinkat", PATHS_FAMILY),
    call<sys_readlinkat>(267, "readlinkat", PATHS_FAMILY),
    call<sys_faccessat>(269, "faccessat", PATHS_FAMILY),
    call<sys_renameat2>(316, "renameat2", PATHS_FAMILY),
    call<sys_faccessat2>(439, "faccessat2", PATHS_FAMILY),
};

}  // namespace exo::posix_x
