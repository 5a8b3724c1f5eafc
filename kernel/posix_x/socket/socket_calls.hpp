// The system calls of socket_calls.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/socket.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

using SocketTypeWord = ChoiceWith<abi::SocketType, abi::SocketFlags>;
using SocketPairOut = FixedArray<NewDescriptor, Direction::Out, 2>;
using AddressSize = vm::UserInOut<IntegerInMemory>;

Answer<NewDescriptor> sys_socket(Context&, abi::AddressFamily family, SocketTypeWord type,
                                 ProtocolNumber protocol);
Result<> sys_socketpair(Context&, abi::AddressFamily family, SocketTypeWord type, ProtocolNumber protocol,
                        SocketPairOut out);
Result<> sys_bind(Context&, Descriptor fd, InBytes<2> address, SignedSize size);
Result<> sys_listen(Context&, Descriptor fd, SignedCount backlog);
Answer<NewDescriptor> sys_accept(Context&, Descriptor fd, UserAddress address, OrNull<AddressSize> size);
Answer<NewDescriptor> sys_accept4(Context&, Descriptor fd, UserAddress address, OrNull<AddressSize> size,
                                  Known<abi::SocketFlags::Nonblock | abi::SocketFlags::Cloexec> given);
Result<> sys_connect(Context&, Descriptor fd, InBytes<2> address, SignedSize size);
Result<> sys_getsockname(Context&, Descriptor fd, UserAddress address, AddressSize size);
Result<> sys_getpeername(Context&, Descriptor fd, UserAddress address, AddressSize size);
Result<> sys_shutdown(Context&, Descriptor fd, abi::ShutdownHow how);

inline constexpr syscall::Family SOCKET_FAMILY{"socket_calls", "kernel/posix_x/socket/socket_calls.cpp"};
inline constexpr syscall::Call SOCKET_CALLS[] = {
    call<sys_socket>(41, "socket", SOCKET_FAMILY),
    call<sys_connect>(42, "connect", SOCKET_FAMILY),
    call<sys_accept>(43, "accept", SOCKET_FAMILY),
    call<sys_shutdown>(48, "shutdown", SOCKET_FAMILY),
    call<sys_bind>(49, "bind", SOCKET_FAMILY),
    call<sys_listen>(50, "listen", SOCKET_FAMILY),
    call<sys_getsockname>(51, "getsockname", SOCKET_FAMILY),
    call<sys_getpeername>(52, "getpeername", SOCKET_FAMILY),
    call<sys_socketpair>(53, "socketpair", SOCKET_FAMILY),
    call<sys_accept4>(288, "accept4", SOCKET_FAMILY),
};

}  // namespace exo::posix_x
