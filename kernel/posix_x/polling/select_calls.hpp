// The system calls of select.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/time.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

/// The sixth argument of pselect6: a structure, because the call has seven arguments and six registers.
struct MaskArgument {
    u64 mask;  ///< An address.
    u64 size;
};

Answer<Count> sys_select(Context&, SignedCount count, DescriptorSet<0> in, DescriptorSet<0> out,
                         DescriptorSet<0> exceptional, OrNull<vm::UserInOut<abi::timeval>> timeout);
Answer<Count> sys_pselect6(Context&, SignedCount count, DescriptorSet<0> in, DescriptorSet<0> out,
                           DescriptorSet<0> exceptional, OrNull<vm::UserInOut<abi::timespec>> timeout,
                           OrNull<vm::UserIn<MaskArgument>> mask_argument);

inline constexpr syscall::Family SELECT_FAMILY{"select", "kernel/posix_x/polling/select.cpp"};
inline constexpr syscall::Call SELECT_CALLS[] = {
    call<sys_select>(23, "select", SELECT_FAMILY),
    call<sys_pselect6>(270, "pselect6", SELECT_FAMILY),
};

}  // namespace exo::posix_x
