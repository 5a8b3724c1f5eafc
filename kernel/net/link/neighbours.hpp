// Neighbours: the hardware addresses of machines on an Ethernet, asked for by ARP (RFC 826).
//
// LINUX: the states and times of net/core/neighbour.c: an address is believed for 30 s, then used and asked for again; who does not
// answer three questions is unreachable.
#pragma once

#include "net/link/interface.hpp"
#include "utils/vector.hpp"

namespace exo::net {

class EthernetInterface;

/// NUD_* of Linux.
enum class NeighbourState : u8 {
    None = 0,
    Incomplete = 1,
    Reachable = 2,
    Stale = 4,
    Delay = 8,
    Probe = 16,
    Failed = 32
};

struct NeighbourEntry {
    Ipv4Address address;
    HardwareAddress hardware{};
    NeighbourState state{};
    const Interface* interface = nullptr;
};

/// The hardware address of a neighbour. Where it is not known yet, the packet waits for it and null is returned; `packet` is taken
/// then. A packet whose neighbour does not answer is reported as unreachable to its sender.
std::optional<HardwareAddress> resolve_neighbour(EthernetInterface& interface, Ipv4Address address,
                                                 PacketPtr& packet);

/// An ARP packet, behind the Ethernet header, has arrived.
void receive_arp(EthernetInterface& interface, std::span<const u8> bytes);

/// Copies of all entries. Errors: Enomem.
Result<Vector<NeighbourEntry>> neighbours();

}  // namespace exo::net
