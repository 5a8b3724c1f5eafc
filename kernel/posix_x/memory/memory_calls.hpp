// The system calls of memory_calls.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/mman.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

Answer<AddressAnswer> sys_mmap(Context&, RangeStart<1> address, Size length, abi::Protection protection,
                               abi::MapFlags flags, Descriptor fd, FilePosition offset);
Result<> sys_munmap(Context&, RangeStart<1> address, Size length);
Result<> sys_mprotect(Context&, RangeStart<1> address, Size length, abi::Protection protection);
Answer<AddressAnswer> sys_mremap(Context&, RangeStart<1> old_address, Size old_length, Size new_length,
                                 abi::RemapFlags flags, RangeStart<2> new_address);
Answer<AddressAnswer> sys_brk(Context&, UserAddress address);
Result<> sys_madvise(Context&, RangeStart<1> address, Size length, abi::Advice advice);
Result<> sys_msync(Context&, RangeStart<1> address, Size length, abi::SyncFlags flags);
Result<> sys_mincore(Context&, RangeStart<1> address, Size length, OutBytePerPage<1> out);
Result<> sys_mlock(Context&, RangeStart<1> address, Size length);
Result<> sys_mlock2(Context&, RangeStart<1> address, Size length, abi::LockFlags flags);
Result<> sys_munlock(Context&, RangeStart<1> address, Size length);
Result<> sys_mlockall(Context&, abi::LockAllFlags flags);
Result<> sys_munlockall(Context&);

/// Registers vm's hooks: where the caller's resource limits are, and how a file's content is punched out.
void install_memory_hooks();

inline constexpr syscall::Family MEMORY_FAMILY{"memory_calls", "kernel/posix_x/memory/memory_calls.cpp"};
inline constexpr syscall::Call MEMORY_CALLS[] = {
    call<sys_mmap>(9, "mmap", MEMORY_FAMILY),
    call<sys_mprotect>(10, "mprotect", MEMORY_FAMILY),
    call<sys_munmap>(11, "munmap", MEMORY_FAMILY),
    call<sys_brk>(12, "brk", MEMORY_FAMILY),
    call<sys_mremap>(25, "mremap", MEMORY_FAMILY),
    call<sys_msync>(26, "msync", MEMORY_FAMILY),
    call<sys_mincore>(27, "mincore", MEMORY_FAMILY),
    call<sys_madvise>(28, "madvise", MEMORY_FAMILY),
    call<sys_mlock>(149, "mlock", MEMORY_FAMILY),
    call<sys_munlock>(150, "munlock", MEMORY_FAMILY),
    call<sys_mlockall>(151, "mlockall", MEMORY_FAMILY),
    call<sys_munlockall>(152, "munlockall", MEMORY_FAMILY),
    call<sys_mlock2>(325, "mlock2", MEMORY_FAMILY),
};

}  // namespace exo::posix_x
