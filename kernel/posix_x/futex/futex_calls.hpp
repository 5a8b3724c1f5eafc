// The system calls of futex_calls.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/futex.hpp"
#include "abi/linux/time.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

using Word = vm::UserInOut<IntegerInMemory>;

using WordValue = Number<Kind::Integer, u32>;

using Operation = ChoiceWith<abi::FutexOperation, abi::FutexFlags>;

using Timeout = OrNull<vm::UserIn<abi::timespec>>;

Answer<ByCommand> sys_futex(Context&, Word word, Operation operation, WordValue value, Timeout timeout,
                            Word second, WordValue third);

Answer<Count32> sys_futex_waitv(Context&, InArray<abi::futex_waitv, 1> words, Count32 count,
                                Number<Kind::Zero, u32> flags, Timeout timeout, abi::ClockId clock);

Result<> sys_set_robust_list(Context&, UserAddress head, Size size);
Result<> sys_get_robust_list(Context&, PidOf<PidUse::ThreadOrSelf> tid, vm::UserOut<AddressAnswer> head,
                             vm::UserOut<Size> size);

inline constexpr syscall::Family FUTEX_FAMILY{"futex_calls", "kernel/posix_x/futex/futex_calls.cpp"};
inline constexpr syscall::Call FUTEX_CALLS[] = {
    call<sys_futex>(202, "futex", FUTEX_FAMILY),
    call<sys_set_robust_list>(273, "set_robust_list", FUTEX_FAMILY),
    call<sys_get_robust_list>(274, "get_robust_list", FUTEX_FAMILY),
    call<sys_futex_waitv>(449, "futex_waitv", FUTEX_FAMILY),
};

}  // namespace exo::posix_x
