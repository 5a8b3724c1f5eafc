#include "net/ip/configuration.hpp"

#include <algorithm>

#include "sync/spin_lock.hpp"
#include "time/clock.hpp"

namespace exo::net {

namespace {

using abi::InterfaceFlags;

constexpr usize MOST_ADDRESSES = 64;
constexpr usize MOST_ROUTES = 256;
constexpr usize MOST_GROUPS = 256;
constexpr usize MOST_PATH_MTUS = 256;
constexpr u8 BY_KERNEL = 2;
constexpr u8 SCOPE_LINK = 253;
constexpr u8 SCOPE_HOST = 254;
/// LINUX: net.ipv4.route.mtu_expires and min_pmtu.
constexpr time::Nanoseconds PATH_MTU_LIFE = 600 * time::SECOND;
constexpr u32 LEAST_PATH_MTU = 552;

struct Group {
    const Interface* interface;
    Ipv4Address address;
    u32 members;
};
struct PathMtu {
    Ipv4Address destination;
    u32 mtu;
    time::Nanoseconds expiry;
};

struct State {
    Vector<InterfaceAddress> addresses;
    Vector<RouteEntry> routes;
    Vector<Group> groups;
    Vector<PathMtu> path_mtus;
};

[[clang::no_destroy]] constinit sync::SpinLocked<State, sync::LockRank::NetworkConfiguration> configuration;
constinit std::atomic<u32> generation{1};

void changed() { generation.fetch_add(1, std::memory_order_release); }

const InterfaceAddress* find_local(const State& state, Ipv4Address address) {
    for (const InterfaceAddress& own : state.addresses)
        if (own.prefix.address == address) return &own;
    return nullptr;
}

/// Whether an address is the machine's own: one of its addresses, or any in 127.0.0.0/8.
bool is_own(const State& state, Ipv4Address address) {
    return address.is_loopback() || find_local(state, address) != nullptr;
}

/// LINUX: fib_add_ifaddr: the last address of a network is a broadcast address, whether the interface says so or not.
bool is_broadcast_of(const InterfaceAddress& own, Ipv4Address address) {
    if (address.is_any()) return false;
    return own.broadcast == address || (own.prefix.length < 31 && own.prefix.broadcast() == address);
}

bool is_broadcast(const State& state, Ipv4Address address) {
    return std::ranges::any_of(state.addresses.span(),
                               [&](const InterfaceAddress& own) { return is_broadcast_of(own, address); });
}

AddressKind kind_in(const State& state, Ipv4Address address) {
    if (address.is_any() || address.is_limited_broadcast()) return AddressKind::Broadcast;
    if (address.is_multicast()) return AddressKind::Multicast;
    if (address.is_zero_net() || is_broadcast(state, address)) return AddressKind::Broadcast;
    if (is_own(state, address)) return AddressKind::Local;
    return AddressKind::Unicast;
}

/// The entry with the longest prefix, and of these the one with the lowest metric.
const RouteEntry* best_entry(const State& state, Ipv4Address destination, const Interface* bound) {
    const RouteEntry* best = nullptr;
    for (const RouteEntry& entry : state.routes) {
        if (!entry.destination.contains(destination)) continue;
        if (bound != nullptr && entry.interface != bound) continue;
        if (entry.interface != nullptr && !entry.interface->is_up()) continue;
        if (best == nullptr || entry.destination.length > best->destination.length ||
            (entry.destination.length == best->destination.length && entry.metric < best->metric))
            best = &entry;
    }
    return best;
}

/// LINUX: inet_select_addr: an address of the interface, on the destination's network if there is one.
Ipv4Address select_source(const State& state, const Interface& interface, Ipv4Address next_hop) {
    Ipv4Address first;
    for (const InterfaceAddress& own : state.addresses) {
        if (own.interface != &interface || own.scope >= SCOPE_HOST) continue;
        if (own.prefix.contains(next_hop)) return own.prefix.address;
        if (first.is_any()) first = own.prefix.address;
    }
    if (!first.is_any() || !interface.is_loopback()) return first;
    return LOOPBACK_ADDRESS;
}

u32 path_mtu(const State& state, Ipv4Address destination, u32 mtu) {
    for (const PathMtu& path : state.path_mtus)
        if (path.destination == destination && path.expiry > time::monotonic())
            return std::min(mtu, path.mtu);
    return mtu;
}

Result<Route> local_route(const State& state, Route route) {
    const InterfaceAddress* const own = find_local(state, route.destination);
    route.kind = RouteKind::Local;
    route.interface = &loopback();
    route.mtu = loopback().mtu();
    route.next_hop = route.destination;
    if (route.source.is_any()) route.source = own != nullptr ? own->prefix.address : LOOPBACK_ADDRESS;
    return route;
}

/// A broadcast or multicast destination goes to the bound interface, that of the source, or where routes lead.
Result<Route> spread_route(const State& state, Route route, const Interface* bound) {
    Interface* interface = bound != nullptr ? find_interface(bound->index()) : nullptr;
    if (interface == nullptr && !route.source.is_any())
        if (const InterfaceAddress* own = find_local(state, route.source)) interface = own->interface;
    if (interface == nullptr) {
        for (const InterfaceAddress& own : state.addresses)
            if (is_broadcast_of(own, route.destination) && own.interface->is_up()) interface = own.interface;
    }
    if (interface == nullptr) {
        const RouteEntry* const entry = best_entry(state, route.destination, nullptr);
        if (entry == nullptr || entry->interface == nullptr) return Error::Enetunreach;
        interface = entry->interface;
    }
    if (!interface->is_up()) return Error::Enetunreach;
    route.interface = interface;
    route.mtu = interface->mtu();
    route.next_hop = route.destination;
    route.kind = route.destination.is_multicast() ? RouteKind::Multicast : RouteKind::Broadcast;
    if (route.source.is_any()) route.source = select_source(state, *interface, route.destination);
    return route;
}

Result<Route> unicast_route(const State& state, Route route, const Interface* bound) {
    const RouteEntry* const entry = best_entry(state, route.destination, bound);
    if (entry == nullptr) {
        // LINUX: ip_route_output_key_hash_rcu: what is sent by a chosen interface is on its link.
        if (bound == nullptr || !bound->is_up()) return Error::Enetunreach;
        route.interface = find_interface(bound->index());
        route.next_hop = route.destination;
    } else {
        if (entry->kind == RouteKind::Unreachable) return Error::Ehostunreach;
        if (entry->kind == RouteKind::Prohibit) return Error::Eacces;
        route.interface = entry->interface;
        route.next_hop = entry->gateway.is_any() ? route.destination : entry->gateway;
        if (route.source.is_any()) route.source = entry->source;
    }
    if (route.source.is_any()) route.source = select_source(state, *route.interface, route.next_hop);
    route.mtu = path_mtu(state, route.destination, route.interface->mtu());
    return route;
}

/// The routes that an address brings: its network on the link.
RouteEntry network_route(const InterfaceAddress& address) {
    return {.destination = {address.prefix.network(), address.prefix.length},
            .source = address.prefix.address,
            .interface = address.interface,
            .protocol = BY_KERNEL,
            .scope = SCOPE_LINK};
}
bool brings_route(const InterfaceAddress& address) {
    return !address.interface->is_loopback() && address.prefix.length < 32;
}

template <class Keep> void remove_unless(Vector<RouteEntry>& routes, Keep keep) {
    for (usize i = routes.size(); i-- != 0;)
        if (!keep(routes[i])) routes.erase(i);
}

Group* find_group(State& state, const Interface& interface, Ipv4Address address) {
    for (Group& group : state.groups)
        if (group.interface == &interface && group.address == address) return &group;
    return nullptr;
}

}  // namespace

u32 configuration_generation() { return generation.load(std::memory_order_acquire); }

Result<Route> find_route(Ipv4Address destination, Ipv4Address source, const Interface* bound) {
    const auto state = configuration.lock();
    Route route{.source = source, .destination = destination};
    if (!source.is_any()) {
        if (source.is_multicast() || source.is_limited_broadcast() || source.is_zero_net())
            return Error::Einval;
    }
    // LINUX: ip_route_output_key_hash_rcu: a destination of 0.0.0.0 is the machine itself.
    if (destination.is_any()) {
        route.destination = source.is_any() ? LOOPBACK_ADDRESS : source;
        if (source.is_any()) route.source = LOOPBACK_ADDRESS;
        return local_route(*state, route);
    }
    if (destination.is_limited_broadcast() || destination.is_multicast() || is_broadcast(*state, destination))
        return spread_route(*state, route, bound);
    if (is_own(*state, destination)) {
        // LINUX: a socket bound to another interface finds no local route.
        if (bound != nullptr && !bound->is_loopback()) {
            const InterfaceAddress* const own = find_local(*state, destination);
            if (own == nullptr || own->interface != bound) return unicast_route(*state, route, bound);
        }
        return local_route(*state, route);
    }
    return unicast_route(*state, route, bound);
}

AddressKind kind_of(Ipv4Address address) {
    const auto state = configuration.lock();
    return kind_in(*state, address);
}

AddressKind kind_for_input(Ipv4Address destination, const Interface& interface) {
    const auto state = configuration.lock();
    if (destination.is_limited_broadcast()) return AddressKind::Broadcast;
    if (destination.is_multicast()) return AddressKind::Multicast;
    if (find_local(*state, destination) != nullptr) return AddressKind::Local;
    for (const InterfaceAddress& own : state->addresses)
        if ((own.interface == &interface || interface.is_loopback()) && is_broadcast_of(own, destination))
            return AddressKind::Broadcast;
    return destination.is_loopback() && interface.is_loopback() ? AddressKind::Local : AddressKind::Unicast;
}

Result<> add_address(const InterfaceAddress& address) {
    auto state = configuration.lock();
    if (find_local(*state, address.prefix.address) != nullptr) return Error::Eexist;
    if (state->addresses.size() >= MOST_ADDRESSES) return Error::Enobufs;
    TRY(state->routes.reserve(state->routes.size() + 1));
    TRY(state->addresses.push(address));
    if (brings_route(address) && address.interface->is_up() && state->routes.size() < MOST_ROUTES)
        state->routes.push_within_capacity(network_route(address));
    changed();
    return {};
}

Result<> remove_address(const Interface& interface, const Ipv4Prefix& prefix) {
    auto state = configuration.lock();
    for (usize i = 0; i < state->addresses.size(); ++i) {
        const InterfaceAddress own = state->addresses[i];
        if (own.interface != &interface || own.prefix != prefix) continue;
        state->addresses.erase(i);
        const RouteEntry its_route = network_route(own);
        remove_unless(state->routes, [&](const RouteEntry& entry) {
            return !(entry == its_route) &&
                   !(entry.interface == &interface && entry.source == own.prefix.address);
        });
        changed();
        return {};
    }
    return Error::Eaddrnotavail;
}

Result<> add_route(const RouteEntry& entry) {
    auto state = configuration.lock();
    if (state->routes.size() >= MOST_ROUTES) return Error::Enobufs;
    if (entry.interface != nullptr && !entry.interface->is_up()) return Error::Enetdown;
    if ((entry.destination.address.value & ~entry.destination.mask()) != 0) return Error::Einval;
    RouteEntry added = entry;
    if (!added.gateway.is_any()) {
        const RouteEntry* const way = best_entry(*state, added.gateway, added.interface);
        if (way == nullptr || !way->gateway.is_any()) return Error::Enetunreach;
        if (added.interface == nullptr) added.interface = way->interface;
    }
    if (added.interface == nullptr && added.kind == RouteKind::Unicast) return Error::Enodev;
    for (const RouteEntry& other : state->routes)
        if (other.destination == added.destination && other.metric == added.metric &&
            other.table == added.table)
            return Error::Eexist;
    TRY(state->routes.push(added));
    changed();
    return {};
}

Result<> remove_route(const RouteEntry& pattern) {
    auto state = configuration.lock();
    for (usize i = 0; i < state->routes.size(); ++i) {
        const RouteEntry& entry = state->routes[i];
        if (!(entry.destination == pattern.destination)) continue;
        if (!pattern.gateway.is_any() && entry.gateway != pattern.gateway) continue;
        if (pattern.interface != nullptr && entry.interface != pattern.interface) continue;
        if (pattern.metric != 0 && entry.metric != pattern.metric) continue;
        state->routes.erase(i);
        changed();
        return {};
    }
    return Error::Esrch;
}

Result<> set_up(Interface& interface, bool is_up) {
    auto state = configuration.lock();
    if (interface.is_up() == is_up) return {};
    if (is_up) {
        TRY(state->routes.reserve(state->routes.size() + state->addresses.size()));
        for (const InterfaceAddress& own : state->addresses)
            if (own.interface == &interface && brings_route(own) && state->routes.size() < MOST_ROUTES)
                state->routes.push_within_capacity(network_route(own));
        interface.change_flags(InterfaceFlags::Up, InterfaceFlags::None);
    } else {
        interface.change_flags(InterfaceFlags::None, InterfaceFlags::Up);
        remove_unless(state->routes, [&](const RouteEntry& entry) { return entry.interface != &interface; });
    }
    changed();
    return {};
}

Result<Vector<InterfaceAddress>> addresses() {
    Vector<InterfaceAddress> copy;
    TRY(copy.reserve(MOST_ADDRESSES));
    const auto state = configuration.lock();
    for (const InterfaceAddress& address : state->addresses) copy.push_within_capacity(address);
    return copy;
}

Result<Vector<RouteEntry>> routes() {
    Vector<RouteEntry> copy;
    TRY(copy.reserve(MOST_ROUTES));
    const auto state = configuration.lock();
    for (const RouteEntry& entry : state->routes) copy.push_within_capacity(entry);
    return copy;
}

Ipv4Address address_towards(const Interface& interface, Ipv4Address neighbour) {
    const auto state = configuration.lock();
    return select_source(*state, interface, neighbour);
}

InterfaceAddress first_address(const Interface& interface) {
    const auto state = configuration.lock();
    for (const InterfaceAddress& own : state->addresses)
        if (own.interface == &interface) return own;
    return {};
}

void note_path_mtu(Ipv4Address destination, u32 mtu) {
    auto state = configuration.lock();
    const PathMtu noted{destination, std::max(mtu, LEAST_PATH_MTU), time::monotonic() + PATH_MTU_LIFE};
    PathMtu* oldest = nullptr;
    for (PathMtu& path : state->path_mtus) {
        if (path.destination == destination) {
            if (path.mtu == noted.mtu && path.expiry > time::monotonic()) return;
            path = noted;
            changed();
            return;
        }
        if (oldest == nullptr || path.expiry < oldest->expiry) oldest = &path;
    }
    if (state->path_mtus.size() < MOST_PATH_MTUS) {
        if (!state->path_mtus.push(noted)) return;
    } else {
        *oldest = noted;
    }
    changed();
}

Result<> join_group(const Interface& interface, Ipv4Address address) {
    auto state = configuration.lock();
    if (Group* group = find_group(*state, interface, address)) {
        ++group->members;
        return {};
    }
    if (state->groups.size() >= MOST_GROUPS) return Error::Enobufs;
    return state->groups.push({&interface, address, 1});
}

void leave_group(const Interface& interface, Ipv4Address address) {
    auto state = configuration.lock();
    Group* const group = find_group(*state, interface, address);
    if (group != nullptr && --group->members == 0)
        state->groups.erase(static_cast<usize>(group - state->groups.begin()));
}

bool is_joined(const Interface& interface, Ipv4Address address) {
    // LINUX: every interface with multicast is in the group of all hosts.
    if (address == Ipv4Address{224, 0, 0, 1}) return true;
    auto state = configuration.lock();
    return find_group(*state, interface, address) != nullptr;
}

Result<> configure_loopback() {
    InterfaceAddress address{.interface = &loopback(), .prefix = {LOOPBACK_ADDRESS, 8}, .scope = SCOPE_HOST};
    std::string_view("lo").copy(address.label.data(), 2);
    return add_address(address);
}

}  // namespace exo::net
