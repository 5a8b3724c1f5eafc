// The system calls of identity_calls.cpp: their handlers, numbers and names.
#pragma once

#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

struct CapabilityData {
    u32 effective;
    u32 permitted;
    u32 inheritable;
};

using CapabilitiesIn = FixedArray<CapabilityData, Direction::In, 2>;
using CapabilitiesOut = FixedArray<CapabilityData, Direction::Out, 2>;

struct CapabilityHeader {
    u32 version;  ///< VERSION_1, VERSION_2 or VERSION_3.
    i32 pid;
};

Answer<Uid> sys_getuid(Context&);
Answer<Uid> sys_geteuid(Context&);
Answer<Gid> sys_getgid(Context&);
Answer<Gid> sys_getegid(Context&);
Result<> sys_setuid(Context&, Uid uid);
Result<> sys_setgid(Context&, Gid gid);
Result<> sys_setreuid(Context&, UidOrUnchanged uid, UidOrUnchanged euid);
Result<> sys_setregid(Context&, GidOrUnchanged gid, GidOrUnchanged egid);
Result<> sys_setresuid(Context&, UidOrUnchanged uid, UidOrUnchanged euid, UidOrUnchanged suid);
Result<> sys_setresgid(Context&, GidOrUnchanged gid, GidOrUnchanged egid, GidOrUnchanged sgid);
Result<> sys_getresuid(Context&, vm::UserOut<Uid> uid, vm::UserOut<Uid> euid, vm::UserOut<Uid> suid);
Result<> sys_getresgid(Context&, vm::UserOut<Gid> gid, vm::UserOut<Gid> egid, vm::UserOut<Gid> sgid);
Answer<Uid> sys_setfsuid(Context&, Uid uid);
Answer<Gid> sys_setfsgid(Context&, Gid gid);
Answer<Count32> sys_getgroups(Context&, SignedCount size, OutArray<Gid, 0> out);
Result<> sys_setgroups(Context&, Count size, InArray<Gid, 0> list);
Result<> sys_capget(Context&, vm::UserInOut<CapabilityHeader> header, OrNull<CapabilitiesOut> data);
Result<> sys_capset(Context&, vm::UserInOut<CapabilityHeader> header, CapabilitiesIn data);

inline constexpr syscall::Family IDENTITY_FAMILY{"identity_calls",
                                                 "kernel/posix_x/credentials/identity_calls.cpp"};
inline constexpr syscall::Call IDENTITY_CALLS[] = {
    call<sys_getuid>(102, "getuid", IDENTITY_FAMILY),
    call<sys_getgid>(104, "getgid", IDENTITY_FAMILY),
    call<sys_setuid>(105, "setuid", IDENTITY_FAMILY),
    call<sys_setgid>(106, "setgid", IDENTITY_FAMILY),
    call<sys_geteuid>(107, "geteuid", IDENTITY_FAMILY),
    call<sys_getegid>(108, "getegid", IDENTITY_FAMILY),
    call<sys_setreuid>(113, "setreuid", IDENTITY_FAMILY),
    call<sys_setregid>(114, "setregid", IDENTITY_FAMILY),
    call<sys_getgroups>(115, "getgroups", IDENTITY_FAMILY),
    call<sys_setgroups>(116, "setgroups", IDENTITY_FAMILY),
    call<sys_setresuid>(117, "setresuid", IDENTITY_FAMILY),
    call<sys_getresuid>(118, "getresuid", IDENTITY_FAMILY),
    call<sys_setresgid>(119, "setresgid", IDENTITY_FAMILY),
    call<sys_getresgid>(120, "getresgid", IDENTITY_FAMILY),
    call<sys_setfsuid>(122, "setfsuid", IDENTITY_FAMILY),
    call<sys_setfsgid>(123, "setfsgid", IDENTITY_FAMILY),
    call<sys_capget>(125, "capget", IDENTITY_FAMILY),
    call<sys_capset>(126, "capset", IDENTITY_FAMILY),
};

}  // namespace exo::posix_x
