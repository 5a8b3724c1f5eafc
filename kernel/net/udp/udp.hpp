// UDP (RFC 768): the header, and how packets find their sockets.
#pragma once

#include "net/ip/input.hpp"
#include "utils/function_ref.hpp"

namespace exo::net {

struct UdpHeader {
    Be16 source_port;
    Be16 destination_port;
    Be16 size;  ///< With this header.
    Be16 checksum;
};
static_assert(sizeof(UdpHeader) == 8 && alignof(UdpHeader) == 1);

/// The largest payload.
inline constexpr u32 MOST_UDP_PAYLOAD = 65535 - 20 - 8;

}  // namespace exo::net
