// The system calls of rseq.cpp and membarrier.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/membarrier.hpp"
#include "abi/linux/rseq.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

Result<> sys_rseq(Context&, UserAddress area, Size32 size, Known<abi::RseqFlags::Unregister> given,
                  MagicNumber signature);

/// A query returns the supported commands, as bits.
Answer<Count32> sys_membarrier(Context&, abi::MembarrierCommand command, abi::MembarrierFlags flags,
                               CpuNumber cpu);

inline constexpr syscall::Family RSEQ_FAMILY{"rseq", "kernel/posix_x/scheduling/rseq.cpp"};
inline constexpr syscall::Family MEMBARRIER_FAMILY{"membarrier", "kernel/posix_x/scheduling/membarrier.cpp"};
inline constexpr syscall::Call RSEQ_CALLS[] = {
    call<sys_membarrier>(324, "membarrier", MEMBARRIER_FAMILY),
    call<sys_rseq>(334, "rseq", RSEQ_FAMILY),
};

}  // namespace exo::posix_x
