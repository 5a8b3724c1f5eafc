// Sending IPv4 packets.
#pragma once

#include "net/ip/configuration.hpp"

namespace exo::net {

/// LINUX: net.ipv4.ip_default_ttl.
inline constexpr u8 DEFAULT_TTL = 64;

enum class Fragmenting : u8 {
    Allowed,    ///< The packet is cut where it is larger than the MTU, here and on the way.
    HereOnly,   ///< The packet is cut here, to the MTU of the path; DF is set.
    Forbidden,  ///< DF is set; a packet that is too large is Emsgsize.
};

/// What the IP header says.
struct Outgoing {
    Ipv4Address source{};
    Ipv4Address destination{};
    Protocol protocol = Protocol::Ip;
    u8 ttl = DEFAULT_TTL;
    u8 tos = 0;
    Fragmenting fragmenting = Fragmenting::Allowed;
    bool ignores_path_mtu = false;  ///< Only the interface's MTU counts.
    std::span<const u8> options{};  ///< IP options, a multiple of 4 bytes, at most 40.
};

/// Sends a packet that begins with the transport header. A TCP segment with segment_size != 0 may be as large as
/// route.interface->most_segmented(). Errors: Emsgsize, Enobufs, Enomem, Eacces (the machine's rules refuse the destination),
/// Enetdown.
Result<> send_ip(PacketPtr packet, const Outgoing& outgoing, const Route& route);
/// Sends a packet that begins with an IP header of a program's own (IP_HDRINCL), whose missing fields are filled in. Errors: as above.
Result<> send_with_header(PacketPtr packet, const Route& route);

/// Whether the machine's rules let a program send to an address and port. The host's loopback, link-local and metadata addresses are
/// refused unless the machine was started with net.host_loopback; so are the networks of net.refuse, apart from port 53 of the name
/// servers. send_ip checks every packet; connect(2) asks before it sends anything.
bool may_leave(Endpoint destination, Protocol protocol, const Interface& interface);
/// net.host_loopback: lets programs reach the host. At boot.
void let_reach_host();
/// net.refuse: a network that no packet may reach. At boot. Errors: Enospc (too many).
Result<> refuse_network(const Ipv4Prefix& network);
/// Lets packets to port 53 of an address pass.
void allow_name_server(Ipv4Address address);

/// At boot, once there are random numbers.
void start_output();

}  // namespace exo::net
