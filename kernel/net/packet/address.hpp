// Addresses of IPv4 and of Ethernet.
#pragma once

#include <array>
#include <compare>

#include "net/packet/big_endian.hpp"

namespace exo::net {

struct Ipv4Address {
    u32 value = 0;  ///< 127.0.0.1 is 0x7f000001.

    constexpr Ipv4Address() = default;
    constexpr explicit Ipv4Address(u32 number) : value(number) {}
    constexpr Ipv4Address(u8 a, u8 b, u8 c, u8 d) : value(u32{a} << 24 | u32{b} << 16 | u32{c} << 8 | d) {}
    friend constexpr auto operator<=>(const Ipv4Address&, const Ipv4Address&) = default;

    constexpr bool is_any() const { return value == 0; }
    constexpr bool is_loopback() const { return value >> 24 == 127; }
    constexpr bool is_multicast() const { return value >> 28 == 0xe; }
    constexpr bool is_limited_broadcast() const { return value == ~0U; }
    constexpr bool is_link_local() const { return value >> 16 == 0xa9fe; }
    /// 0.0.0.0/8.
    constexpr bool is_zero_net() const { return value >> 24 == 0; }
    /// 240.0.0.0/4, except for the broadcast address.
    constexpr bool is_reserved() const { return value >> 28 == 0xf && !is_limited_broadcast(); }
};
inline constexpr Ipv4Address ANY_ADDRESS{};
inline constexpr Ipv4Address LOOPBACK_ADDRESS{127, 0, 0, 1};
inline constexpr Ipv4Address BROADCAST_ADDRESS{~0U};

/// The addresses that begin with `length` bits of `address`.
struct Ipv4Prefix {
    Ipv4Address address;
    u8 length = 0;

    constexpr u32 mask() const { return length == 0 ? 0 : ~0U << (32 - length); }
    constexpr bool contains(Ipv4Address other) const { return ((address.value ^ other.value) & mask()) == 0; }
    constexpr Ipv4Address network() const { return Ipv4Address{address.value & mask()}; }
    constexpr Ipv4Address broadcast() const { return Ipv4Address{address.value | ~mask()}; }
    friend constexpr bool operator==(const Ipv4Prefix&, const Ipv4Prefix&) = default;
};

using HardwareAddress = std::array<u8, 6>;
inline constexpr HardwareAddress HARDWARE_BROADCAST{0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/// An address and a port: an end of a connection.
struct Endpoint {
    Ipv4Address address;
    u16 port = 0;
    friend constexpr auto operator<=>(const Endpoint&, const Endpoint&) = default;
};

/// The two ends of a flow as this machine sees them.
struct Flow {
    Endpoint local;
    Endpoint remote;
    friend constexpr bool operator==(const Flow&, const Flow&) = default;
};

/// Numbers of protocols in the IP header.
enum class Protocol : u8 { Ip = 0, Icmp = 1, Igmp = 2, Tcp = 6, Udp = 17, Raw = 255 };

}  // namespace exo::net
