// Linux sockets: arguments of socket(2) (include/linux/socket.h, net.h).
#pragma once

#include <cstdint>

#include "abi/linux/flag_enum.hpp"

namespace exo::abi {

enum class AddressFamily : std::int32_t {
    Unspec = 0,
    Unix = 1,
    Inet = 2,
    Inet6 = 10,
    Netlink = 16,
    Packet = 17,
    Vsock = 40,
};

enum class SocketType : std::int32_t { Stream = 1, Dgram = 2, Raw = 3, Rdm = 4, Seqpacket = 5, Packet = 10 };

/// Where the types are in their word.
inline constexpr std::int32_t SOCKET_TYPES = 0xf;
/// In the same word as the type.
enum class SocketFlags : std::int32_t { None = 0, Nonblock = 04000, Cloexec = 02000000 };
template <> inline constexpr bool IS_FLAG_ENUM<SocketFlags> = true;

}  // namespace exo::abi
