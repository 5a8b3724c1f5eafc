// The system calls of memfd.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/memfd.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

Answer<NewDescriptor> sys_memfd_create(Context&, TextArgument name, abi::MemfdFlags flags);

inline constexpr syscall::Family MEMFD_FAMILY{"memfd", "kernel/posix_x/files/memfd.cpp"};
inline constexpr syscall::Call MEMFD_CALLS[] = {
    call<sys_memfd_create>(319, "memfd_create", MEMFD_FAMILY),
};

}  // namespace exo::posix_x
