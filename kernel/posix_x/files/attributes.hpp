// The system calls of attributes.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/fcntl.hpp"
#include "abi/linux/stat.hpp"
#include "abi/linux/statfs.hpp"
#include "abi/linux/time.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

struct TimePair {
    abi::timespec access;
    abi::timespec modification;
};

struct SecondPair {
    i64 access;
    i64 modification;
};

struct MicrosecondPair {
    i64 access_seconds;
    i64 access_microseconds;
    i64 modification_seconds;
    i64 modification_microseconds;
};

/// The flags of newfstatat. LINUX: it also accepts statx's synchronisation flags, in any combination.
using StatFlags = Known<abi::AtFlags::SymlinkNofollow | abi::AtFlags::NoAutomount | abi::AtFlags::EmptyPath |
                        abi::AtFlags::StatxForceSync | abi::AtFlags::StatxDontSync>;

/// The flags of fchownat and utimensat.
using OwnFlags = Known<abi::AtFlags::SymlinkNofollow | abi::AtFlags::EmptyPath>;

Result<> sys_stat(Context&, ExistingPath path, vm::UserOut<abi::stat> out);
Result<> sys_lstat(Context&, ExistingPath path, vm::UserOut<abi::stat> out);
Result<> sys_fstat(Context&, Descriptor fd, vm::UserOut<abi::stat> out);
Result<> sys_newfstatat(Context& context, Start directory, ExistingPath path, vm::UserOut<abi::stat> out,
                        StatFlags given);
Result<> sys_statx(Context&, Start directory, ExistingPath path, StatFlags given, abi::StatxMask mask,
                   vm::UserOut<abi::statx> out);
Result<> sys_statfs(Context&, ExistingPath path, vm::UserOut<abi::statfs> out);
Result<> sys_fstatfs(Context&, Descriptor fd, vm::UserOut<abi::statfs> out);
Result<> sys_fchmodat(Context&, Start directory, ExistingPath path, Mode mode);
Result<> sys_chmod(Context& context, ExistingPath path, Mode mode);
Result<> sys_fchmod(Context&, Descriptor fd, Mode mode);
Result<> sys_fchown(Context&, Descriptor fd, UidOrUnchanged uid, GidOrUnchanged gid);
Result<> sys_fchownat(Context&, Start directory, ExistingPath path, UidOrUnchanged uid, GidOrUnchanged gid,
                      OwnFlags given);
Result<> sys_chown(Context& context, ExistingPath path, UidOrUnchanged uid, GidOrUnchanged gid);
Result<> sys_lchown(Context& context, ExistingPath path, UidOrUnchanged uid, GidOrUnchanged gid);
Result<> sys_utimensat(Context&, Start directory, OrNull<ExistingPath> path,
                       OrNull<vm::UserIn<TimePair>> pair, OwnFlags given);
Result<> sys_utime(Context&, ExistingPath path, OrNull<vm::UserIn<SecondPair>> pair);
Result<> sys_futimesat(Context&, Start directory, OrNull<ExistingPath> path,
                       OrNull<vm::UserIn<MicrosecondPair>> pair);
Result<> sys_utimes(Context& context, ExistingPath path, OrNull<vm::UserIn<MicrosecondPair>> times);
Answer<Size> sys_getdents64(Context&, DirectoryDescriptor fd, OutBytes<2> buffer, Size32 size);

inline constexpr syscall::Family ATTRIBUTES_FAMILY{"attributes", "kernel/posix_x/files/attributes.cpp"};
inline constexpr syscall::Call ATTRIBUTES_CALLS[] = {
    call<sys_stat>(4, "stat", ATTRIBUTES_FAMILY),
    call<sys_fstat>(5, "fstat", ATTRIBUTES_FAMILY),
    call<sys_lstat>(6, "lstat", ATTRIBUTES_FAMILY),
    call<sys_chmod>(90, "chmod", ATTRIBUTES_FAMILY),
    call<sys_fchmod>(91, "fchmod", ATTRIBUTES_FAMILY),
    call<sys_chown>(92, "chown", ATTRIBUTES_FAMILY),
    call<sys_fchown>(93, "fchown", ATTRIBUTES_FAMILY),
    call<sys_lchown>(94, "lchown", ATTRIBUTES_FAMILY),
    call<sys_utime>(132, "utime", ATTRIBUTES_FAMILY),
    call<sys_statfs>(137, "statfs", ATTRIBUTES_FAMILY),
    call<sys_fstatfs>(138, "fstatfs", ATTRIBUTES_FAMILY),
    call<sys_getdents64>(217, "getdents64", ATTRIBUTES_FAMILY),
    call<sys_utimes>(235, "utimes", ATTRIBUTES_FAMILY),
    call<sys_fchownat>(260, "fchownat", ATTRIBUTES_FAMILY),
    call<sys_futimesat>(261, "futimesat", ATTRIBUTES_FAMILY),
    call<sys_newfstatat>(262, "newfstatat", ATTRIBUTES_FAMILY),
    call<sys_fchmodat>(268, "fchmodat", ATTRIBUTES_FAMILY),
    call<sys_utimensat>(280, "utimensat", ATTRIBUTES_FAMILY),
    call<sys_statx>(332, "statx", ATTRIBUTES_FAMILY),
};

}  // namespace exo::posix_x
