// DHCP messages: what a server says, with every length checked, and what a client says (RFC 2131, RFC 2132).
//
// Addresses are numbers in the host's byte order: 127.0.0.1 is 0x7f000001.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "utils/fixed_vector.hpp"
#include "utils/types.hpp"

namespace exo::net::dhcp {

using Address = u32;
inline constexpr Address NO_ADDRESS = 0;
inline constexpr Address BROADCAST = 0xffff'ffff;

inline constexpr u16 SERVER_PORT = 67;
inline constexpr u16 CLIENT_PORT = 68;

/// RFC 2132, section 9.6.
enum class MessageType : u8 { Discover = 1, Offer, Request, Decline, Ack, Nak, Release, Inform };

/// A lease without an end (RFC 2131, section 3.3).
inline constexpr u32 FOREVER = 0xffff'ffff;

/// What a server says. Fields that it leaves out, or whose values no host could use, are 0 or empty.
struct ServerMessage {
    MessageType type{};
    u32 transaction = 0;
    std::array<u8, 6> hardware_address{};
    Address address = NO_ADDRESS;  ///< Ours.
    Address server = NO_ADDRESS;   ///< The server's identifier.
    Address mask = 0;
    Address router = NO_ADDRESS;
    FixedVector<Address, 4> name_servers;
    FixedVector<char, 255> domain;  ///< Letters, digits, dots, hyphens and underscores only.
    u16 mtu = 0;
    u32 lease_seconds = 0;
    u32 renewal_seconds = 0;
    u32 rebinding_seconds = 0;
};

/// Reads the payload of a UDP packet. Nothing if it is no whole message of a DHCP server for an Ethernet card.
std::optional<ServerMessage> read_server_message(std::span<const u8> payload);

/// Whether a host may have this address, or reach it by it.
bool is_host_address(Address address);

/// What a client says.
struct ClientMessage {
    MessageType type{};
    u32 transaction = 0;
    u16 seconds = 0;  ///< Since the client began.
    std::array<u8, 6> hardware_address{};
    Address own_address = NO_ADDRESS;        ///< The address that it has and answers for.
    Address requested_address = NO_ADDRESS;  ///< 0: the option is left out.
    Address server = NO_ADDRESS;             ///< 0: the option is left out.
    std::string_view host_name;              ///< Empty: the option is left out. At most 64 bytes.
};

/// A message of 300 bytes, the least that old relays pass on (RFC 1542, section 2.1), or a few more with a long name.
using ClientBuffer = std::array<u8, 360>;
std::span<const u8> write_client_message(const ClientMessage& message, ClientBuffer& buffer);

}  // namespace exo::net::dhcp
