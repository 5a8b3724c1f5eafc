// The machine's IPv4 addresses and routes, and the choice of a way to a destination.
//
// A protocol may keep a Route while `configuration_generation` returns the number that it returned before find_route.
#pragma once

#include "net/link/interface.hpp"
#include "utils/vector.hpp"

namespace exo::net {

/// An address of an interface, with the network that it is on.
struct InterfaceAddress {
    Interface* interface = nullptr;
    Ipv4Prefix prefix{};      ///< The address itself, and the length of its network.
    Ipv4Address broadcast{};  ///< Any: the interface has none.
    u8 scope = 0;             ///< RT_SCOPE_*: 0 the universe, 253 a link, 254 the machine.
    std::array<char, 16> label{};
};

enum class RouteKind : u8 {
    Unicast = 1,
    Local = 2,
    Broadcast = 3,
    Multicast = 5,
    Unreachable = 7,
    Prohibit = 8
};

/// An entry of the routing table.
struct RouteEntry {
    Ipv4Prefix destination{};
    Ipv4Address gateway{};  ///< Any: the destination is on the link.
    Ipv4Address source{};   ///< The source address that it prefers; any: the interface's first one in scope.
    Interface* interface = nullptr;
    u32 metric = 0;
    RouteKind kind = RouteKind::Unicast;
    u8 table = 254;   ///< RT_TABLE_MAIN; 255: local.
    u8 protocol = 3;  ///< RTPROT_*: 2 the kernel, 3 boot, 16 DHCP.
    u8 scope = 0;
    friend bool operator==(const RouteEntry&, const RouteEntry&) = default;
};

/// The way to one destination.
struct Route {
    Interface* interface = nullptr;
    Ipv4Address source{};       ///< The source address: the sender's, or for one that has chosen none.
    Ipv4Address destination{};  ///< The destination; 127.0.0.1 where a program has given 0.0.0.0.
    Ipv4Address next_hop{};     ///< The gateway, or the destination itself.
    RouteKind kind = RouteKind::Unicast;
    u32 mtu = 0;  ///< Of the interface, or of the path where a router has told a smaller one.
};

/// Finds the way to a destination. `source`: the sender's address, or any. `bound`: only ways by this interface, or null.
/// Errors: Enetunreach, Ehostunreach, Eacces (a prohibiting route), Enetdown, Einval (`source` is none of the machine's).
Result<Route> find_route(Ipv4Address destination, Ipv4Address source = ANY_ADDRESS,
                         const Interface* bound = nullptr);

/// What an address means to this machine. LINUX: inet_addr_type.
enum class AddressKind : u8 { Local, Broadcast, Multicast, Unicast };
AddressKind kind_of(Ipv4Address address);
/// Whether a packet that arrived at `interface` for `destination` is for this machine.
AddressKind kind_for_input(Ipv4Address destination, const Interface& interface);

/// Changes with every change of addresses, routes and path MTUs.
u32 configuration_generation();

/// Adds an address, with the routes that it brings. Errors: Eexist, Enomem, Enobufs (too many).
Result<> add_address(const InterfaceAddress& address);
/// Removes an address and its routes. Errors: Eaddrnotavail.
Result<> remove_address(const Interface& interface, const Ipv4Prefix& prefix);
/// Errors: Eexist, Enomem, Enetunreach (the gateway is on no network of the interface), Einval, Enobufs (too many).
Result<> add_route(const RouteEntry& entry);
/// Errors: Esrch.
Result<> remove_route(const RouteEntry& pattern);
/// Brings an interface up or down, with its routes. Errors: Enomem.
Result<> set_up(Interface& interface, bool is_up);

/// Copies of the tables. Errors: Enomem.
Result<Vector<InterfaceAddress>> addresses();
Result<Vector<RouteEntry>> routes();
/// The own address by which an interface speaks to `neighbour`. LINUX: inet_select_addr.
Ipv4Address address_towards(const Interface& interface, Ipv4Address neighbour);
/// The first address of an interface; any: it has none.
InterfaceAddress first_address(const Interface& interface);

/// Notes that only packets of at most `mtu` bytes reach the destination, for ten minutes.
void note_path_mtu(Ipv4Address destination, u32 mtu);

/// The groups that this machine receives, counted by their members. Errors: Enomem, Enobufs (too many).
Result<> join_group(const Interface& interface, Ipv4Address group);
void leave_group(const Interface& interface, Ipv4Address group);
bool is_joined(const Interface& interface, Ipv4Address group);

/// 127.0.0.1 on the loopback interface. At boot. Errors: Enomem.
Result<> configure_loopback();

}  // namespace exo::net
