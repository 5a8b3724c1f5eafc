// Making sockets of the family AF_INET.
#pragma once

#include "ipc/socket/socket.hpp"

namespace exo::net {

/// Makes a socket. Errors: Einval (no such protocol number), Esocktnosupport, Eprotonosupport, Eperm (a raw socket without
/// CAP_NET_RAW), Eacces (a ping socket: no group may make one), Enobufs (too many raw
/// sockets), Enfile, Enomem.
Result<Ref<ipc::Socket>> create_inet_socket(abi::SocketType type, i32 protocol, abi::OpenFlags flags,
                                            const fs::Credentials& credentials);

}  // namespace exo::net
