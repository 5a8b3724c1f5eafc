// The system calls of limit_calls.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/resource.hpp"
#include "posix_x/process/resource_limits.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

Result<> sys_prlimit64(Context&, PidOf<PidUse::ProcessOrSelf> pid, Resource resource,
                       OrNull<vm::UserIn<abi::rlimit64>> in, OrNull<vm::UserOut<abi::rlimit64>> out);
Result<> sys_getrlimit(Context&, Resource resource, vm::UserOut<abi::rlimit64> out);
Result<> sys_setrlimit(Context&, Resource resource, vm::UserIn<abi::rlimit64> in);

inline constexpr syscall::Family LIMIT_FAMILY{"limit_calls", "kernel/posix_x/scheduling/limit_calls.cpp"};
inline constexpr syscall::Call LIMIT_CALLS[] = {
    call<sys_getrlimit>(97, "getrlimit", LIMIT_FAMILY),
    call<sys_setrlimit>(160, "setrlimit", LIMIT_FAMILY),
    call<sys_prlimit64>(302, "prlimit64", LIMIT_FAMILY),
};

}  // namespace exo::posix_x
