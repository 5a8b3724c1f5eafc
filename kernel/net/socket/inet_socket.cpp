#include "net/socket/inet_socket.hpp"

#include <algorithm>
#include <cstring>

#include "net/link/activity.hpp"
#include "net/socket/interface_ioctls.hpp"
#include "time/clock.hpp"
#include "utils/bytes.hpp"

namespace exo::net {

using abi::AddressFamily;
using abi::IpOption;
using abi::SocketOption;

InetSocket::~InetSocket() {
    auto shared = shared_.lock();
    for (const Membership& membership : shared->memberships)
        if (const Interface* interface = find_interface(membership.interface))
            leave_group(*interface, membership.group);
}

Result<Endpoint> InetSocket::endpoint_from(const ipc::Address& address) {
    if (address.size < sizeof(abi::sockaddr_in)) return Error::Einval;
    if (address.family() != AddressFamily::Inet) return Error::Eafnosupport;
    abi::sockaddr_in raw{};
    std::memcpy(&raw, address.bytes.data(), sizeof(raw));
    return Endpoint{Ipv4Address{raw.sin_addr[0], raw.sin_addr[1], raw.sin_addr[2], raw.sin_addr[3]},
                    static_cast<u16>(raw.sin_port[0] << 8 | raw.sin_port[1])};
}

static abi::sockaddr_in to_sockaddr(Endpoint endpoint) {
    const u32 value = endpoint.address.value;
    return {.sin_family = static_cast<u16>(AddressFamily::Inet),
            .sin_port = {static_cast<u8>(endpoint.port >> 8), static_cast<u8>(endpoint.port)},
            .sin_addr = {static_cast<u8>(value >> 24), static_cast<u8>(value >> 16),
                         static_cast<u8>(value >> 8), static_cast<u8>(value)},
            .sin_zero = {}};
}

void InetSocket::write_endpoint(Endpoint endpoint, ipc::Address& out) {
    const abi::sockaddr_in raw = to_sockaddr(endpoint);
    std::memcpy(out.bytes.data(), &raw, sizeof(raw));
    out.size = sizeof(raw);
}

// LINUX: __inet_bind.
Result<Endpoint> InetSocket::check_bind(const ipc::Address& address, const Caller& caller) const {
    constexpr u16 FIRST_UNPRIVILEGED = 1024;
    if (address.size < sizeof(abi::sockaddr_in)) return Error::Einval;
    ipc::Address as_inet = address;
    if (address.family() == AddressFamily::Unspec) {
        // LINUX: "any address" may come without a family, for compatibility.
        const u16 family = static_cast<u16>(AddressFamily::Inet);
        std::memcpy(as_inet.bytes.data(), &family, sizeof(family));
        if (!TRY(endpoint_from(as_inet)).address.is_any()) return Error::Eafnosupport;
    }
    const Endpoint wanted = TRY(endpoint_from(as_inet));
    const AddressKind kind = kind_of(wanted.address);
    if (kind == AddressKind::Unicast && !ip_.is_on(IpFlag::Freebind)) return Error::Eaddrnotavail;
    if (wanted.port != 0 && wanted.port < FIRST_UNPRIVILEGED &&
        !caller.credentials.may(fs::Privilege::NetBindService))
        return Error::Eacces;
    return wanted;
}

Outgoing InetSocket::outgoing(Ipv4Address source, Ipv4Address destination) const {
    Outgoing result{.source = source, .destination = destination, .protocol = protocol_};
    result.tos = ip_.tos.load(std::memory_order_relaxed);
    const i32 ttl = ip_.ttl.load(std::memory_order_relaxed);
    if (destination.is_multicast())
        result.ttl = ip_.multicast_ttl.load(std::memory_order_relaxed);
    else if (ttl >= 0)
        result.ttl = static_cast<u8>(ttl);
    switch (ip_.mtu_discovery.load(std::memory_order_relaxed)) {
        case abi::MtuDiscovery::Dont: result.fragmenting = Fragmenting::Allowed; break;
        case abi::MtuDiscovery::Want: result.fragmenting = Fragmenting::HereOnly; break;
        case abi::MtuDiscovery::Do: result.fragmenting = Fragmenting::Forbidden; break;
        case abi::MtuDiscovery::Probe:
            result.fragmenting = Fragmenting::Forbidden;
            result.ignores_path_mtu = true;
            break;
        case abi::MtuDiscovery::Interface:
        case abi::MtuDiscovery::Omit:
            result.fragmenting = Fragmenting::Allowed;
            result.ignores_path_mtu = true;
            break;
    }
    return result;
}

Result<Route> InetSocket::route_to(Ipv4Address destination, Ipv4Address source) const {
    const Interface* bound = bound_interface();
    const u32 chosen = (destination.is_multicast() ? ip_.multicast_interface : ip_.unicast_interface)
                           .load(std::memory_order_relaxed);
    if (bound == nullptr && chosen != 0) bound = find_interface(chosen);
    return find_route(destination, source, bound);
}

bool InetSocket::queue_error(const NetworkError& error, const Packet& packet, u32 header_size) {
    if (!ip_.is_on(IpFlag::ReceiveErrors)) return false;
    QueuedError queued;
    queued.error = {.ee_errno = static_cast<u32>(error.error),
                    .ee_origin = abi::ERROR_ORIGIN_ICMP,
                    .ee_type = error.type,
                    .ee_code = error.code,
                    .ee_pad = 0,
                    .ee_info = error.mtu,
                    .ee_data = 0};
    queued.reporter = error.reporter;
    queued.destination = {error.destination, error.destination_port};
    if (Result<PacketPtr> payload = packet.clone()) {
        (*payload)->pull(std::min(header_size, (*payload)->size()));
        queued.payload = std::move(*payload);
    }
    {
        auto shared = shared_.lock();
        if (shared->errors.size() >= MOST_ERRORS || !shared->errors.push(std::move(queued))) return true;
        queued_errors_.fetch_add(1, std::memory_order_seq_cst);
    }
    error_arrived();
    return true;
}

// LINUX: ip_recv_error.
Result<usize> InetSocket::receive_error(vm::OutBuffer& data, ipc::Message& message) {
    QueuedError queued;
    {
        auto shared = shared_.lock();
        if (shared->errors.is_empty()) return Error::Eagain;
        queued = std::move(shared->errors[0]);
        shared->errors.erase(0);
        queued_errors_.fetch_sub(1, std::memory_order_seq_cst);
    }
    usize copied = 0;
    if (queued.payload) {
        const u32 size = queued.payload->size();
        const u32 fitting = static_cast<u32>(std::min<usize>(size, data.remaining()));
        if (fitting != 0) copied = TRY(queued.payload->copy_to(data, 0, fitting));
        if (fitting < size) message.outcome |= abi::MessageFlags::Truncated;
    }
    write_endpoint(queued.destination, message.address);
    ipc::ControlPiece piece{.level = abi::LEVEL_IP, .type = std::to_underlying(IpOption::ReceiveErrors)};
    const abi::sockaddr_in reporter = to_sockaddr({queued.reporter, 0});
    std::memcpy(piece.bytes.data(), &queued.error, sizeof(queued.error));
    std::memcpy(piece.bytes.data() + sizeof(queued.error), &reporter, sizeof(reporter));
    piece.size = sizeof(queued.error) + sizeof(reporter);
    TRY(message.control.push(piece));
    message.outcome |= abi::MessageFlags::ErrorQueue;
    return copied;
}

namespace {

template <class T> Result<> add_piece(ipc::Message& message, i32 level, i32 type, const T& value) {
    ipc::ControlPiece piece{.level = level, .type = type, .size = sizeof(T)};
    static_assert(sizeof(T) <= ipc::ControlPiece::MOST_BYTES);
    std::memcpy(piece.bytes.data(), &value, sizeof(T));
    return message.control.push(piece);
}

std::array<u8, 4> address_bytes(Ipv4Address address) { return to_sockaddr({address, 0}).sin_addr; }

}  // namespace

// LINUX: __sock_recv_timestamp and ip_cmsg_recv_offset, in their order.
Result<> InetSocket::add_control(const Packet& packet, ipc::Message& message) const {
    TRY(ipc::add_timestamp(options(), packet.arrival, message));
    const auto type = [](IpOption option) { return std::to_underlying(option); };
    if (ip_.is_on(IpFlag::PacketInformation)) {
        const bool is_own = kind_of(packet.destination) == AddressKind::Local;
        const Ipv4Address own = is_own ? packet.destination : first_address(*packet.interface).prefix.address;
        TRY(add_piece(message, abi::LEVEL_IP, type(IpOption::PacketInformation),
                      abi::in_pktinfo{static_cast<i32>(packet.interface->index()), address_bytes(own),
                                      address_bytes(packet.destination)}));
    }
    if (ip_.is_on(IpFlag::ReceiveTtl))
        TRY(add_piece(message, abi::LEVEL_IP, type(IpOption::Ttl), i32{packet.ttl}));
    if (ip_.is_on(IpFlag::ReceiveTos))
        TRY(add_piece(message, abi::LEVEL_IP, type(IpOption::Tos), packet.tos));
    if (ip_.is_on(IpFlag::ReceiveOriginalDestination))
        TRY(add_piece(message, abi::LEVEL_IP, type(IpOption::ReceiveOriginalDestination),
                      to_sockaddr({packet.destination, packet.destination_port})));
    return {};
}

// LINUX: ip_cmsg_send.
Result<> InetSocket::check_control(const ipc::ControlPiece& piece) const {
    if (piece.level != abi::LEVEL_IP) return {};
    switch (static_cast<IpOption>(piece.type)) {
        case IpOption::PacketInformation:
            return piece.size == sizeof(abi::in_pktinfo) ? Result<>() : Result<>(Error::Einval);
        case IpOption::Ttl: {
            if (piece.size != sizeof(i32)) return Error::Einval;
            i32 value = 0;
            std::memcpy(&value, piece.bytes.data(), sizeof(value));
            return value >= 1 && value <= 255 ? Result<>() : Result<>(Error::Einval);
        }
        case IpOption::Tos:
            return piece.size == sizeof(i32) || piece.size == sizeof(u8) ? Result<>()
                                                                         : Result<>(Error::Einval);
        default: return Error::Einval;
    }
}

Result<InetSocket::SendControl> InetSocket::send_control(const ipc::Message& message) {
    SendControl result;
    for (const ipc::ControlPiece& piece : message.control) {
        if (piece.level != abi::LEVEL_IP) continue;
        i32 number = 0;
        std::memcpy(&number, piece.bytes.data(), std::min<usize>(piece.size, sizeof(number)));
        switch (static_cast<IpOption>(piece.type)) {
            case IpOption::PacketInformation: {
                abi::in_pktinfo info{};
                std::memcpy(&info, piece.bytes.data(), sizeof(info));
                result.interface = static_cast<u32>(info.ipi_ifindex);
                const auto& from = info.ipi_spec_dst;
                result.source = Ipv4Address{from[0], from[1], from[2], from[3]};
                break;
            }
            case IpOption::Ttl: result.ttl = static_cast<u8>(number); break;
            case IpOption::Tos:
                if (number < 0 || number > 255) return Error::Einval;
                result.tos = static_cast<u8>(number);
                break;
            default: break;
        }
    }
    return result;
}

bool InetSocket::is_member(Ipv4Address group, const Interface& interface) const {
    const auto shared = shared_.lock();
    return std::ranges::any_of(shared->memberships.span(), [&](const Membership& one) {
        return one.group == group && one.interface == interface.index();
    });
}

bool InetSocket::receives_group(Ipv4Address group, const Interface& interface) const {
    // LINUX: ip_mc_sf_allow: a socket that has not joined gets what others have joined, unless IP_MULTICAST_ALL is off.
    return is_member(group, interface) || ip_.is_on(IpFlag::MulticastAll);
}

Result<> InetSocket::set_protocol_option(i32 level, i32 option, const ipc::OptionValue& value,
                                         const Caller& caller) {
    if (level == abi::LEVEL_IP) {
        TRY(set_ip_option(static_cast<IpOption>(option), value));
        ip_options_changed();
        return {};
    }
    return set_own_option(level, option, value, caller);
}

Result<ipc::OptionResult> InetSocket::protocol_option(i32 level, i32 option, u32 room) {
    if (level == abi::LEVEL_IP) return ip_option(static_cast<IpOption>(option), room);
    return own_option(level, option, room);
}

// LINUX: ip_setsockopt and ip_getsockopt differ in what they say of another level.
Result<> InetSocket::set_own_option(i32, i32, const ipc::OptionValue&, const Caller&) {
    return Error::Enoprotoopt;
}
Result<ipc::OptionResult> InetSocket::own_option(i32, i32, u32) { return Error::Eopnotsupp; }
Result<u64> InetSocket::own_ioctl(fs::FileCommand) { return Error::Enotty; }

Result<u64> InetSocket::ioctl(fs::FileCommand request) {
    const Result<u64> own = own_ioctl(request);
    if (own || own.error() != Error::Enotty) return own;
    return interface_ioctl(request);
}

}  // namespace exo::net
