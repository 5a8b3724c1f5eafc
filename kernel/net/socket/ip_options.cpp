// The options of the level IP. LINUX: do_ip_setsockopt and do_ip_getsockopt.
#include <algorithm>
#include <cstring>

#include "net/socket/inet_socket.hpp"

namespace exo::net {

using abi::IpOption;

namespace {

/// The flag behind an option that is on or off.
std::optional<IpFlag> flag_of(IpOption option) {
    switch (option) {
        case IpOption::PacketInformation: return IpFlag::PacketInformation;
        case IpOption::ReceiveTtl: return IpFlag::ReceiveTtl;
        case IpOption::ReceiveTos: return IpFlag::ReceiveTos;
        case IpOption::ReceiveErrors: return IpFlag::ReceiveErrors;
        case IpOption::ReceiveOriginalDestination: return IpFlag::ReceiveOriginalDestination;
        case IpOption::HeaderIncluded: return IpFlag::HeaderIncluded;
        case IpOption::Freebind: return IpFlag::Freebind;
        case IpOption::MulticastLoop: return IpFlag::MulticastLoop;
        case IpOption::MulticastAll: return IpFlag::MulticastAll;
        case IpOption::BindAddressNoPort: return IpFlag::BindAddressNoPort;
        default: return std::nullopt;
    }
}

/// Whether a flag cannot be set without a value.
bool needs_value(IpFlag flag) {
    return flag == IpFlag::Freebind || flag == IpFlag::MulticastLoop || flag == IpFlag::MulticastAll;
}

/// Whether an option that is a number can be set.
bool is_numeric(IpOption option) {
    switch (option) {
        case IpOption::Ttl:
        case IpOption::Tos:
        case IpOption::MtuDiscovery:
        case IpOption::MinTtl:
        case IpOption::MulticastTtl: return true;
        default: return flag_of(option).has_value();
    }
}

/// LINUX: an int, or a byte where there is no room for one.
Result<i32> read_number(const ipc::OptionValue& value) {
    if (value.size() >= sizeof(i32)) return value.read<i32>();
    if (value.size() == 0) return 0;
    u8 byte = 0;
    TRY(value.read_bytes({&byte, 1}));
    return i32{byte};
}

Ipv4Address address_from(const std::array<u8, 4>& bytes) { return {bytes[0], bytes[1], bytes[2], bytes[3]}; }

/// The interface that a program names by its number or address. LINUX: ip_mc_find_dev.
Result<const Interface*> interface_for(const abi::ip_mreqn& request, Ipv4Address group) {
    if (request.imr_ifindex != 0) {
        const Interface* const named = find_interface(static_cast<u32>(request.imr_ifindex));
        return named != nullptr ? Result<const Interface*>(named) : Error::Enodev;
    }
    const Ipv4Address own = address_from(request.imr_address);
    if (!own.is_any()) {
        const Vector<InterfaceAddress> all = TRY(addresses());
        for (const InterfaceAddress& one : all)
            if (one.prefix.address == own) return one.interface;
        return Error::Enodev;
    }
    const Result<Route> route = find_route(group);
    if (!route) return Error::Enodev;
    return route->interface;
}

Result<abi::ip_mreqn> read_request(const ipc::OptionValue& value, usize least) {
    if (value.size() < least) return Error::Einval;
    abi::ip_mreqn request{};
    // SAFETY: an ip_mreqn is bytes and an int, without padding.
    const std::span<u8> bytes(reinterpret_cast<u8*>(&request), sizeof(request));
    TRY(value.read_bytes(bytes.first(
        std::min<usize>(value.size() >= sizeof(request) ? sizeof(request) : least, sizeof(request)))));
    return request;
}

}  // namespace

Result<> InetSocket::change_membership(const ipc::OptionValue& value, bool joins) {
    constexpr usize OLD_SIZE = 8;
    const abi::ip_mreqn request = TRY(read_request(value, OLD_SIZE));
    const Ipv4Address group = address_from(request.imr_multiaddr);
    if (!group.is_multicast()) return joins ? Error::Einval : Error::Eaddrnotavail;
    const Interface* const interface = TRY(interface_for(request, group));
    auto shared = shared_.lock();
    for (usize i = 0; i < shared->memberships.size(); ++i) {
        const Membership& one = shared->memberships[i];
        if (one.group != group || one.interface != interface->index()) continue;
        if (joins) return Error::Eaddrinuse;
        leave_group(*interface, group);
        shared->memberships.erase(i);
        return {};
    }
    if (!joins) return Error::Eaddrnotavail;
    if (shared->memberships.size() >= MOST_MEMBERSHIPS) return Error::Enobufs;
    TRY(shared->memberships.reserve(shared->memberships.size() + 1));
    TRY(join_group(*interface, group));
    shared->memberships.push_within_capacity({group, interface->index()});
    return {};
}

Result<> InetSocket::set_ip_option(IpOption option, const ipc::OptionValue& value) {
    const bool is_stream = type() == abi::SocketType::Stream;
    switch (option) {
        case IpOption::AddMembership:
        case IpOption::DropMembership:
            // LINUX: connections have no groups.
            if (is_stream) return Error::Eproto;
            return change_membership(value, option == IpOption::AddMembership);
        case IpOption::MulticastInterface: {
            if (is_stream) return Error::Einval;
            abi::ip_mreqn request{};
            if (value.size() >= 8) {
                request = TRY(read_request(value, 8));
            } else {
                if (value.size() < sizeof(request.imr_address)) return Error::Einval;
                TRY(value.read_bytes(request.imr_address));
            }
            const Ipv4Address own = address_from(request.imr_address);
            if (request.imr_ifindex == 0 && own.is_any()) {
                ip_.multicast_interface.store(0, std::memory_order_relaxed);
                ip_.multicast_address.store({}, std::memory_order_relaxed);
                return {};
            }
            const Result<const Interface*> interface = interface_for(request, own);
            if (!interface) return Error::Eaddrnotavail;
            ip_.multicast_interface.store((*interface)->index(), std::memory_order_relaxed);
            ip_.multicast_address.store(own, std::memory_order_relaxed);
            return {};
        }
        case IpOption::UnicastInterface: {
            if (value.size() != sizeof(u32)) return Error::Einval;
            const u32 index = std::byteswap(static_cast<u32>(TRY(value.read<i32>())));
            if (index != 0 && find_interface(index) == nullptr) return Error::Eaddrnotavail;
            ip_.unicast_interface.store(index, std::memory_order_relaxed);
            return {};
        }
        default: break;
    }
    // LINUX: an option that does not exist, or cannot be set, is refused before its value is read.
    if (!is_numeric(option)) return Error::Enoprotoopt;
    const i32 number = TRY(read_number(value));
    if (const std::optional<IpFlag> flag = flag_of(option)) {
        if (option == IpOption::HeaderIncluded && type() != abi::SocketType::Raw) return Error::Enoprotoopt;
        if (value.size() < 1 && needs_value(*flag)) return Error::Einval;
        if (option == IpOption::MulticastAll && number != 0 && number != 1) return Error::Einval;
        if (number != 0)
            ip_.flags.store(ip_.flags.load(std::memory_order_relaxed) | *flag, std::memory_order_relaxed);
        else
            ip_.flags.store(ip_.flags.load(std::memory_order_relaxed) & ~*flag, std::memory_order_relaxed);
        if (*flag == IpFlag::ReceiveErrors && number == 0) {
            auto shared = shared_.lock();
            shared->errors.clear();
            queued_errors_.store(0, std::memory_order_seq_cst);
        }
        return {};
    }
    switch (option) {
        case IpOption::Ttl:
            if (value.size() < 1 || (number != -1 && (number < 1 || number > 255))) return Error::Einval;
            ip_.ttl.store(number, std::memory_order_relaxed);
            return {};
        case IpOption::Tos: {
            // LINUX: the bits of congestion notification belong to the connection.
            constexpr u8 ECN = 3;
            u8 wanted = static_cast<u8>(number);
            if (is_stream)
                wanted = static_cast<u8>((wanted & ~ECN) | (ip_.tos.load(std::memory_order_relaxed) & ECN));
            ip_.tos.store(wanted, std::memory_order_relaxed);
            return {};
        }
        case IpOption::MtuDiscovery:
            if (number < 0 || number > 5) return Error::Einval;
            ip_.mtu_discovery.store(static_cast<abi::MtuDiscovery>(number), std::memory_order_relaxed);
            return {};
        case IpOption::MinTtl:
            if (value.size() < 1 || number < 0 || number > 255) return Error::Einval;
            ip_.min_ttl.store(static_cast<u8>(number), std::memory_order_relaxed);
            return {};
        case IpOption::MulticastTtl:
            if (is_stream || value.size() < 1 || number < -1 || number > 255) return Error::Einval;
            ip_.multicast_ttl.store(static_cast<u8>(number == -1 ? 1 : number), std::memory_order_relaxed);
            return {};
        default: break;
    }
    return Error::Enoprotoopt;
}

Result<ipc::OptionResult> InetSocket::ip_option(IpOption option, u32 room) {
    i32 number = 0;
    if (const std::optional<IpFlag> flag = flag_of(option)) {
        number = ip_.is_on(*flag) ? 1 : 0;
        if (option == IpOption::HeaderIncluded && type() != abi::SocketType::Raw) number = 0;
    } else {
        switch (option) {
            case IpOption::Ttl:
                number = ip_.ttl.load(std::memory_order_relaxed);
                if (number < 0) number = DEFAULT_TTL;
                break;
            case IpOption::Tos: number = ip_.tos.load(std::memory_order_relaxed); break;
            case IpOption::MtuDiscovery: number = std::to_underlying(ip_.mtu_discovery.load()); break;
            case IpOption::MinTtl: number = ip_.min_ttl.load(std::memory_order_relaxed); break;
            case IpOption::MulticastTtl: number = ip_.multicast_ttl.load(std::memory_order_relaxed); break;
            case IpOption::UnicastInterface:
                number =
                    static_cast<i32>(std::byteswap(ip_.unicast_interface.load(std::memory_order_relaxed)));
                break;
            case IpOption::MulticastInterface: {
                const u32 value = ip_.multicast_address.load(std::memory_order_relaxed).value;
                return ipc::OptionResult::of(std::byteswap(value));
            }
            case IpOption::Options: {
                ipc::OptionResult none;
                none.size = 0;
                return none;
            }
            case IpOption::Mtu: {
                const std::optional<Ipv4Address> peer = peer_address();
                if (!peer) return Error::Enotconn;
                number = static_cast<i32>(TRY(find_route(*peer)).mtu);
                break;
            }
            default: return Error::Enoprotoopt;
        }
    }
    // LINUX: a small value fits into a byte where there is no room for an int.
    if (room < sizeof(i32) && room > 0 && number >= 0 && number <= 255)
        return ipc::OptionResult::of(static_cast<u8>(number));
    return ipc::OptionResult::of(number);
}

}  // namespace exo::net
