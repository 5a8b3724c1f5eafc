// Control data of messages: the descriptors and credentials that sendmsg and recvmsg transfer (cmsg(3),
// unix(7)).
#pragma once

#include "posix_x/socket/use_socket.hpp"

namespace exo::posix_x {

/// Reads the control data of sendmsg. LINUX: ___sys_sendmsg and __scm_send. Errors: Enobufs (too much),
/// Efault, Einval (malformed, or of an unknown kind), Ebadf (a descriptor that is not open), Eperm and Esrch
/// (credentials of another process), Enomem.
Result<> read_control(const abi::msghdr& header, const ipc::Socket& socket, ipc::Message& message);

/// Stores the control data of a received message and makes descriptors for its capabilities. Drops what does
/// not fit and sets MSG_CTRUNC. Returns the number of bytes written. LINUX: scm_recv.
u64 write_control(const abi::msghdr& header, ipc::Message& message);

}  // namespace exo::posix_x
