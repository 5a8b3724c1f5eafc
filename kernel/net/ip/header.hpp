// The IPv4 header (RFC 791).
#pragma once

#include "net/packet/address.hpp"

namespace exo::net {

struct Ipv4Header {
    static constexpr u32 SIZE = 20;
    static constexpr u32 MOST_SIZE = 60;
    static constexpr u16 DONT_FRAGMENT = 0x4000;
    static constexpr u16 MORE_FRAGMENTS = 0x2000;
    static constexpr u16 OFFSET_MASK = 0x1fff;  ///< In units of 8 bytes.

    u8 version_and_size;
    u8 tos;
    Be16 total_size;
    Be16 id;
    Be16 flags_and_offset;
    u8 ttl;
    u8 protocol;
    Be16 checksum;
    Be32 source_bytes;
    Be32 destination_bytes;

    u32 version() const { return version_and_size >> 4; }
    u32 size() const { return (version_and_size & 15U) * 4; }
    Ipv4Address source() const { return Ipv4Address{u32{source_bytes}}; }
    Ipv4Address destination() const { return Ipv4Address{u32{destination_bytes}}; }
    bool is_fragment() const { return (flags_and_offset & (MORE_FRAGMENTS | OFFSET_MASK)) != 0; }
    u32 fragment_offset() const { return (flags_and_offset & OFFSET_MASK) * 8U; }
    bool has_more_fragments() const { return (flags_and_offset & MORE_FRAGMENTS) != 0; }
    bool may_be_fragmented() const { return (flags_and_offset & DONT_FRAGMENT) == 0; }
};
static_assert(sizeof(Ipv4Header) == Ipv4Header::SIZE && alignof(Ipv4Header) == 1);

}  // namespace exo::net
