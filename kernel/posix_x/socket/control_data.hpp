// Control data of messages: descriptors and credentials that sendmsg and recvmsg carry beside the bytes (cmsg(3), unix(7)).
#pragma once

#include "posix_x/socket/use_socket.hpp"

namespace exo::posix_x {

/// Reads what a program passes along. LINUX: ___sys_sendmsg and __scm_send. Errors: Enobufs (too much), Efault, Einval (no control data, or
/// of a kind that is not known), Ebadf (a descriptor that is not open), Eperm and Esrch (credentials of somebody else), Enomem.
Result<> read_control(const abi::msghdr& header, const ipc::Socket& socket, ipc::Message& message);

/// Stores what has come along, and gives the capabilities descriptors; what does not fit is dropped, and MSG_CTRUNC says so. Returns how
/// many bytes were written. LINUX: scm_recv.
u64 write_control(const abi::msghdr& header, ipc::Message& message);

}  // namespace exo::posix_x
