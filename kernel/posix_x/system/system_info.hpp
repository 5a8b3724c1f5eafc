// The system calls of system_info.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/system.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

using KnownRandomFlags =
    Known<abi::RandomFlags::Nonblock | abi::RandomFlags::Random | abi::RandomFlags::Insecure>;

/// The number of a NUMA node. There is one node.
using NodeNumber = Number<Kind::Integer, u32>;

Result<> sys_uname(Context&, vm::UserOut<abi::utsname> out);
Result<> sys_sethostname(Context&, InBytes<1> name, SignedSize size);
Result<> sys_setdomainname(Context&, InBytes<1> name, SignedSize size);
Result<> sys_sysinfo(Context&, vm::UserOut<abi::sysinfo> out);
Answer<Size> sys_syslog(Context&, abi::SyslogAction action, OutBytes<2> buffer, SignedSize number);
Answer<Size> sys_getrandom(Context&, OutBytes<1> buffer, Size size, KnownRandomFlags given);
Result<> sys_getcpu(Context&, OrNull<vm::UserOut<CpuNumber>> cpu, OrNull<vm::UserOut<NodeNumber>> node);

inline constexpr syscall::Family SYSTEM_INFO_FAMILY{"system_info", "kernel/posix_x/system/system_info.cpp"};
inline constexpr syscall::Call SYSTEM_INFO_CALLS[] = {
    call<sys_uname>(63, "uname", SYSTEM_INFO_FAMILY),
    call<sys_sysinfo>(99, "sysinfo", SYSTEM_INFO_FAMILY),
    call<sys_syslog>(103, "syslog", SYSTEM_INFO_FAMILY),
    call<sys_sethostname>(170, "sethostname", SYSTEM_INFO_FAMILY),
    call<sys_setdomainname>(171, "setdomainname", SYSTEM_INFO_FAMILY),
    call<sys_getcpu>(309, "getcpu", SYSTEM_INFO_FAMILY),
    call<sys_getrandom>(318, "getrandom", SYSTEM_INFO_FAMILY),
};

}  // namespace exo::posix_x
