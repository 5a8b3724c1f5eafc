// ICMP (RFC 792): errors in both directions, and answers to echo requests.
#pragma once

#include "net/ip/input.hpp"

namespace exo::net {

enum class IcmpType : u8 {
    EchoReply = 0,
    Unreachable = 3,
    SourceQuench = 4,
    Redirect = 5,
    Echo = 8,
    TimeExceeded = 11,
    ParameterProblem = 12,
    Timestamp = 13,
    TimestampReply = 14,
    MAX = 18,
};

/// Codes of Unreachable.
inline constexpr u8 NET_UNREACHABLE = 0;
inline constexpr u8 HOST_UNREACHABLE = 1;
inline constexpr u8 PROTOCOL_UNREACHABLE = 2;
inline constexpr u8 PORT_UNREACHABLE = 3;
inline constexpr u8 FRAGMENTATION_NEEDED = 4;

struct IcmpHeader {
    u8 type;
    u8 code;
    Be16 checksum;
    Be16 id;  ///< Echo; the upper half of `information` of errors.
    Be16 sequence;

    u32 information() const { return u32{id} << 16 | sequence; }
};
static_assert(sizeof(IcmpHeader) == 8 && alignof(IcmpHeader) == 1);

/// Writes the checksum of a packet that begins with its ICMP header.
void finish_icmp(Packet& packet);

/// At boot.
void start_icmp();

}  // namespace exo::net
