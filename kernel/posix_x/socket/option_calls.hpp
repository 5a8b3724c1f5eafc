// The system calls of option_calls.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/socket.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

Result<> sys_setsockopt(Context&, Descriptor fd, abi::SocketLevel level, abi::SocketOption option,
                        InBytes<4> value, SignedSize size);
Result<> sys_getsockopt(Context&, Descriptor fd, abi::SocketLevel level, abi::SocketOption option,
                        UserAddress value, vm::UserInOut<IntegerInMemory> size);

inline constexpr syscall::Family SOCKET_OPTION_FAMILY{"socket_options",
                                                      "kernel/posix_x/socket/option_calls.cpp"};
inline constexpr syscall::Call SOCKET_OPTION_CALLS[] = {
    call<sys_setsockopt>(54, "setsockopt", SOCKET_OPTION_FAMILY),
    call<sys_getsockopt>(55, "getsockopt", SOCKET_OPTION_FAMILY),
};

}  // namespace exo::posix_x
