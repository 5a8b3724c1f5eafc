// The system calls of extended_attributes.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/xattr.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

Result<> sys_setxattr(Context&, ExistingPath path, TextArgument name, InBytes<3> value, Size size,
                      abi::XattrFlags flags);
Result<> sys_lsetxattr(Context&, ExistingPath path, TextArgument name, InBytes<3> value, Size size,
                       abi::XattrFlags flags);
Result<> sys_fsetxattr(Context&, Descriptor fd, TextArgument name, InBytes<3> value, Size size,
                       abi::XattrFlags flags);
Answer<Size> sys_getxattr(Context&, ExistingPath path, TextArgument name, OutBytes<3> value, Size size);
Answer<Size> sys_lgetxattr(Context&, ExistingPath path, TextArgument name, OutBytes<3> value, Size size);
Answer<Size> sys_fgetxattr(Context&, Descriptor fd, TextArgument name, OutBytes<3> value, Size size);
Answer<Size> sys_listxattr(Context&, ExistingPath path, OutBytes<2> names, Size size);
Answer<Size> sys_llistxattr(Context&, ExistingPath path, OutBytes<2> names, Size size);
Answer<Size> sys_flistxattr(Context&, Descriptor fd, OutBytes<2> names, Size size);
Result<> sys_removexattr(Context&, ExistingPath path, TextArgument name);
Result<> sys_lremovexattr(Context&, ExistingPath path, TextArgument name);
Result<> sys_fremovexattr(Context&, Descriptor fd, TextArgument name);

inline constexpr syscall::Family XATTR_FAMILY{"extended_attributes",
                                              "kernel/posix_x/files/extended_attributes.cpp"};
inline constexpr syscall::Call XATTR_CALLS[] = {
    call<sys_setxattr>(188, "setxattr", XATTR_FAMILY),
    call<sys_lsetxattr>(189, "lsetxattr", XATTR_FAMILY),
    call<sys_fsetxattr>(190, "fsetxattr", XATTR_FAMILY),
    call<sys_getxattr>(191, "getxattr", XATTR_FAMILY),
    call<sys_lgetxattr>(192, "lgetxattr", XATTR_FAMILY),
    call<sys_fgetxattr>(193, "fgetxattr", XATTR_FAMILY),
    call<sys_listxattr>(194, "listxattr", XATTR_FAMILY),
    call<sys_llistxattr>(195, "llistxattr", XATTR_FAMILY),
    call<sys_flistxattr>(196, "flistxattr", XATTR_FAMILY),
    call<sys_removexattr>(197, "removexattr", XATTR_FAMILY),
    call<sys_lremovexattr>(198, "lremovexattr", XATTR_FAMILY),
    call<sys_fremovexattr>(199, "fremovexattr", XATTR_FAMILY),
};

}  // namespace exo::posix_x
