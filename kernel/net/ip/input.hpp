// Receiving IPv4 packets, and the protocols above.
#pragma once

#include "net/ip/header.hpp"
#include "net/link/interface.hpp"

namespace exo::net {

/// An ICMP error about a packet that this machine sent.
struct NetworkError {
    u8 type = 0;
    u8 code = 0;
    Error error{};  ///< The errno that programs see.
    bool is_fatal =
        false;  ///< Whether it ends a connection or fails a call of a socket that has not asked for all errors.
    u32 mtu = 0;  ///< Of the next hop, where the packet was too large.
    Ipv4Address reporter{};
    Ipv4Address source{};  ///< Of the packet in error: this machine.
    Ipv4Address destination{};
    u16 source_port = 0;  ///< The first four bytes of its transport header.
    u16 destination_port = 0;
    u32 sequence = 0;  ///< The next four bytes: TCP's sequence number.
};

/// A transport protocol. `receive` gets packets whose transport header is in front; source, destination and the like are in the
/// packet. The packet's IP header can be put back with unpull(ip_header_size), unless more
/// was pulled than the packet's header room had. Called with an Activity and without locks.
struct TransportProtocol {
    void (*receive)(PacketPtr packet) = nullptr;
    /// `packet`: the packet in error as far as the message has it, transport header in front.
    void (*fail)(const NetworkError& error, const Packet& packet) = nullptr;
};
/// Registers a protocol at boot.
void set_protocol(Protocol number, const TransportProtocol& protocol);
/// The registered protocol; null.
const TransportProtocol* find_protocol(u8 number);

/// A look at each packet before its protocol gets it: raw sockets. Returns whether anybody wanted it. Registered at boot.
using RawReceiver = bool (*)(Packet& packet);
void set_raw_receiver(RawReceiver receiver);
/// Called for a packet that cannot be delivered or is too large: sends ICMP errors. `packet` begins with its IP header. Registered at
/// boot by icmp.
using ErrorSender = void (*)(Packet& packet, u8 type, u8 code, u32 information);
void set_error_sender(ErrorSender sender);
/// Sends an ICMP error about a packet that begins with its IP header, unless the rules of RFC 1122 forbid it.
void send_error(Packet& packet, u8 type, u8 code, u32 information = 0);

/// Starts IPv4: at boot, behind start_loopback.
void start_ip();

}  // namespace exo::net
