#include "net/socket/udp_socket.hpp"

#include <algorithm>
#include <cstring>

#include "net/link/activity.hpp"
#include "net/packet/checksum.hpp"
#include "net/socket/udp_table.hpp"

namespace exo::net {

using abi::MessageFlags;
using abi::SocketOption;

UdpSocket::~UdpSocket() { udp_table().remove(*this); }

Result<> UdpSocket::bind(const ipc::Address& address, const Caller& caller) {
    const Endpoint wanted = TRY(check_bind(address, caller));
    auto setup = setup_.lock();
    if (is_bound_.load(std::memory_order_relaxed) || is_connected()) return Error::Einval;
    if (wanted.port != 0)
        TRY(udp_table().add(*this, wanted));
    else
        TRY(udp_table().add_anywhere(*this, wanted.address));
    setup->has_chosen_address = !wanted.address.is_any();
    setup->has_chosen_port = wanted.port != 0;
    return {};
}

Result<> UdpSocket::bind_to_any_port() {
    if (is_bound_.load(std::memory_order_acquire)) return {};
    const Result<> bound = udp_table().add_anywhere(*this, local().address);
    return !bound && bound.error() == Error::Eaddrinuse ? Result<>(Error::Eagain) : bound;
}

/// LINUX: __udp_disconnect.
Result<> UdpSocket::disconnect(Setup& setup) {
    is_connected_.store(false, std::memory_order_relaxed);
    remote_.store({}, std::memory_order_relaxed);
    (void)take_error();
    if (!setup.has_chosen_port) {
        udp_table().remove(*this);
        local_.store({setup.has_chosen_address ? local().address : ANY_ADDRESS, 0},
                     std::memory_order_relaxed);
    } else if (!setup.has_chosen_address) {
        udp_table().move(*this, ANY_ADDRESS);
    }
    return {};
}

Result<> UdpSocket::connect(const ipc::Address& address, const Caller&, const abi::ucred&) {
    if (address.size < abi::ADDRESS_FAMILY_SIZE) return Error::Einval;
    auto setup = setup_.lock();
    if (address.family() == abi::AddressFamily::Unspec) return disconnect(*setup);
    TRY(bind_to_any_port());
    const Endpoint peer = TRY(endpoint_from(address));
    const Endpoint own = local();
    const Route route = TRY(route_to(peer.address, own.address.is_multicast() ? ANY_ADDRESS : own.address));
    if (route.kind == RouteKind::Broadcast && !options().has(SocketOption::Broadcast)) return Error::Eacces;
    if (own.address.is_any()) udp_table().move(*this, route.source);
    remote_.store({route.destination, peer.port}, std::memory_order_relaxed);
    is_connected_.store(true, std::memory_order_relaxed);
    return {};
}

Result<> UdpSocket::name(ipc::Address& out) {
    write_endpoint(local(), out);
    return {};
}

/// LINUX: udp_sendmsg, up to the copy of the bytes.
Result<UdpSocket::Way> UdpSocket::way_for(const ipc::Message& message) {
    Way way;
    const Endpoint own = local();
    if (message.address.size != 0) {
        if (message.address.size < sizeof(abi::sockaddr_in)) return Error::Einval;
        const abi::AddressFamily family = message.address.family();
        if (family != abi::AddressFamily::Inet && family != abi::AddressFamily::Unspec)
            return Error::Eafnosupport;
        abi::sockaddr_in raw{};
        std::memcpy(&raw, message.address.bytes.data(), sizeof(raw));
        way.destination = {Ipv4Address{raw.sin_addr[0], raw.sin_addr[1], raw.sin_addr[2], raw.sin_addr[3]},
                           static_cast<u16>(raw.sin_port[0] << 8 | raw.sin_port[1])};
        if (way.destination.port == 0) return Error::Einval;
    } else {
        if (!is_connected()) return Error::Edestaddrreq;
        way.destination = remote();
    }
    const SendControl control = TRY(send_control(message));
    Ipv4Address source = !control.source.is_any() ? control.source : own.address;
    if (source.is_multicast() || source.is_limited_broadcast()) source = ANY_ADDRESS;
    if (source.is_any() && way.destination.address.is_multicast())
        source = ip_.multicast_address.load(std::memory_order_relaxed);
    if (control.interface != 0) {
        const Interface* const interface = find_interface(control.interface);
        if (interface == nullptr) return Error::Enodev;
        way.route = TRY(find_route(way.destination.address, source, interface));
    } else {
        way.route = TRY(route_to(way.destination.address, source));
    }
    if (way.route.kind == RouteKind::Broadcast && !options().has(SocketOption::Broadcast))
        return Error::Eacces;
    way.destination.address = way.route.destination;
    way.outgoing = outgoing(way.route.source, way.route.destination);
    if (control.ttl) way.outgoing.ttl = *control.ttl;
    if (control.tos) way.outgoing.tos = *control.tos;
    return way;
}

/// Adds the header and sends.
Result<> UdpSocket::send_packet(PacketPtr packet, const Way& way) {
    const u32 size = packet->size() + static_cast<u32>(sizeof(UdpHeader));
    packet->loops_back = ip_.is_on(IpFlag::MulticastLoop);
    UdpHeader& header = packet->push_header<UdpHeader>();
    header.source_port = local().port;
    header.destination_port = way.destination.port;
    header.size = static_cast<u16>(size);
    header.checksum = u16{0};
    packet->protocol = std::to_underlying(Protocol::Udp);
    packet->checksum = ChecksumState::Complete;
    if (!options().has(SocketOption::NoCheck)) {
        Checksum sum;
        sum.add_pseudo_header(way.outgoing.source, way.outgoing.destination, Protocol::Udp, size);
        u16 value = sum.folded();
        packet->checksum = ChecksumState::Partial;
        packet->checksum_offset = offsetof(UdpHeader, checksum);
        std::memcpy(&header.checksum, &value, sizeof(value));
    }
    const Result<> sent = send_ip(std::move(packet), way.outgoing, way.route);
    // LINUX: udp_send_skb: a queue that is full loses the packet without an error.
    if (!sent && sent.error() == Error::Enobufs && !ip_.is_on(IpFlag::ReceiveErrors)) return {};
    return sent;
}

Result<usize> UdpSocket::send_datagram(vm::InBuffer& data, ipc::Message& message, const fs::Credentials&) {
    const Activity activity;
    // LINUX: inet_send_prepare.
    if (!is_bound_.load(std::memory_order_acquire)) {
        const auto setup = setup_.lock();
        TRY(bind_to_any_port());
    }
    const usize size = data.remaining();
    if (size > 0xffff) return Error::Emsgsize;
    if (abi::has(message.flags, MessageFlags::OutOfBand)) return Error::Eopnotsupp;
    const bool gathers =
        abi::has(message.flags, MessageFlags::More) || is_corked_.load(std::memory_order_relaxed);
    if (gathers || gathered_bytes_.load(std::memory_order_relaxed) != 0) {
        auto setup = setup_.lock();
        if (!setup->gathered) {
            setup->way = TRY(way_for(message));
            setup->gathered = TRY(Packet::create());
        }
        Result<> added;
        if (setup->gathered->size() + size > MOST_UDP_PAYLOAD) {
            added = Error::Emsgsize;
        } else {
            // Many small pieces are put together before there are too many for one packet.
            if (!setup->gathered->has_room_for_slice()) added = setup->gathered->compact();
            if (added) added = setup->gathered->append_from(data, static_cast<u32>(size));
        }
        gathered_bytes_.store(setup->gathered->memory_size(), std::memory_order_relaxed);
        if (added && gathers) return size;
        PacketPtr packet = std::move(setup->gathered);
        gathered_bytes_.store(0, std::memory_order_relaxed);
        TRY(added);
        TRY(send_packet(std::move(packet), setup->way));
        return size;
    }
    const Way way = TRY(way_for(message));
    if (is_shut(ipc::Shut::Sending)) return Error::Epipe;
    if (const i32 error = take_error(); error != 0) return static_cast<Error>(error);
    if (size > MOST_UDP_PAYLOAD) return Error::Emsgsize;
    PacketPtr packet = TRY(Packet::create());
    TRY(packet->append_from(data, static_cast<u32>(size)));
    TRY(send_packet(std::move(packet), way));
    return size;
}

Result<> UdpSocket::set_own_option(i32 level, i32 option, const ipc::OptionValue& value,
                                   const Caller& caller) {
    if (level != abi::LEVEL_UDP) return InetSocket::set_own_option(level, option, value, caller);
    if (option != std::to_underlying(abi::UdpOption::Cork)) return Error::Enoprotoopt;
    const bool is_on = TRY(value.read<i32>()) != 0;
    is_corked_.store(is_on, std::memory_order_relaxed);
    if (is_on) return {};
    const Activity activity;
    auto setup = setup_.lock();
    if (!setup->gathered) return {};
    gathered_bytes_.store(0, std::memory_order_relaxed);
    return send_packet(std::move(setup->gathered), setup->way);
}

Result<ipc::OptionResult> UdpSocket::own_option(i32 level, i32 option, u32 room) {
    if (level != abi::LEVEL_UDP) return InetSocket::own_option(level, option, room);
    if (option != std::to_underlying(abi::UdpOption::Cork)) return Error::Enoprotoopt;
    return ipc::OptionResult::of(i32{is_corked_.load(std::memory_order_relaxed)});
}

}  // namespace exo::net
