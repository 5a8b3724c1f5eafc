// The system calls of message_calls.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/socket.hpp"
#include "abi/linux/time.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

using AddressSizeOut = OrNull<vm::UserInOut<IntegerInMemory>>;

Answer<Size> sys_sendto(Context&, Descriptor fd, InBytes<2> bytes, Size size, abi::MessageFlags flags,
                        InBytes<5> address, SignedSize address_size);
Answer<Size> sys_recvfrom(Context&, Descriptor fd, OutBytes<2> bytes, Size size, abi::MessageFlags flags,
                          UserAddress address, AddressSizeOut address_size);
Answer<Size> sys_sendmsg(Context&, Descriptor fd, vm::UserIn<abi::msghdr> message, abi::MessageFlags flags);
Answer<Size> sys_recvmsg(Context&, Descriptor fd, vm::UserInOut<abi::msghdr> message,
                         abi::MessageFlags flags);
Answer<Count> sys_sendmmsg(Context&, Descriptor fd, InOutArray<abi::mmsghdr, 2> messages, Count32 count,
                           abi::MessageFlags flags);
Answer<Count> sys_recvmmsg(Context&, Descriptor fd, InOutArray<abi::mmsghdr, 2> messages, Count32 count,
                           abi::MessageFlags flags, OrNull<vm::UserInOut<abi::timespec>> timeout);

inline constexpr syscall::Family MESSAGE_FAMILY{"message_calls", "kernel/posix_x/socket/message_calls.cpp"};
inline constexpr syscall::Call MESSAGE_CALLS[] = {
    call<sys_sendto>(44, "sendto", MESSAGE_FAMILY),      call<sys_recvfrom>(45, "recvfrom", MESSAGE_FAMILY),
    call<sys_sendmsg>(46, "sendmsg", MESSAGE_FAMILY),    call<sys_recvmsg>(47, "recvmsg", MESSAGE_FAMILY),
    call<sys_recvmmsg>(299, "recvmmsg", MESSAGE_FAMILY), call<sys_sendmmsg>(307, "sendmmsg", MESSAGE_FAMILY),
};

}  // namespace exo::posix_x
