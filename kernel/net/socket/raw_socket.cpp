#include "net/socket/raw_socket.hpp"

#include <algorithm>
#include <cstring>

#include "net/icmp/icmp.hpp"
#include "net/ip/header.hpp"
#include "net/link/activity.hpp"

namespace exo::net {

using abi::MessageFlags;
using abi::SocketOption;

namespace {

constexpr i32 ICMP_FILTER = 1;

struct Table {
    static constexpr u32 BUCKETS = 64;
    using Sockets = List<RawSocket, &RawSocket::table_link>;
    std::array<sync::SpinLocked<Sockets, sync::LockRank::SocketTable>, BUCKETS> buckets;
    /// How many there are, so that packets pass without a lock where there is none.
    std::atomic<u32> count{0};

    auto& bucket(u8 protocol) { return buckets[protocol % BUCKETS]; }
};
[[clang::no_destroy]] constinit Table table;

}  // namespace

class RawTable {
  public:
    /// The packet begins with its IP header.
    static bool deliver(Packet& packet) {
        if (table.count.load(std::memory_order_relaxed) == 0) return false;
        std::optional<u8> icmp_type;
        if (packet.protocol == std::to_underlying(Protocol::Icmp)) {
            const u8* const bytes = packet.front(packet.ip_header_size + 1U);
            if (bytes != nullptr) icmp_type = bytes[packet.ip_header_size];
        }
        auto sockets = table.bucket(packet.protocol).lock();
        bool is_wanted = false;
        for (RawSocket& socket : *sockets) {
            if (socket.number_ != packet.protocol || !socket.wants(packet, icmp_type)) continue;
            is_wanted = true;
            if (Result<PacketPtr> copy = packet.clone()) socket.enqueue(std::move(*copy));
        }
        return is_wanted;
    }
};

RawSocket::RawSocket(Ref<fs::Inode> inode, abi::OpenFlags flags, u8 protocol)
    : DatagramSocket(std::move(inode), flags, abi::SocketType::Raw, static_cast<Protocol>(protocol)),
      number_(protocol) {
    if (protocol == std::to_underlying(Protocol::Raw))
        ip_.flags.store(ip_.flags.load(std::memory_order_relaxed) | IpFlag::HeaderIncluded,
                        std::memory_order_relaxed);
    auto sockets = table.bucket(number_).lock();
    sockets->push_back(*this);
    table.count.fetch_add(1, std::memory_order_relaxed);
}

RawSocket::~RawSocket() {
    auto sockets = table.bucket(number_).lock();
    table_link.unlink();
    table.count.fetch_sub(1, std::memory_order_relaxed);
}

bool RawSocket::has_room() { return table.count.load(std::memory_order_relaxed) < MOST; }

// LINUX: __raw_v4_lookup and icmp_filter.
bool RawSocket::wants(const Packet& packet, std::optional<u8> icmp_type) const {
    const Endpoint own = local();
    if (!own.address.is_any() && own.address != packet.destination) return false;
    if (is_connected() && remote().address != packet.source) return false;
    if (bound_interface() != nullptr && bound_interface() != packet.interface) return false;
    if (packet.destination.is_multicast() && !receives_group(packet.destination, *packet.interface))
        return false;
    constexpr u8 FILTERED_TYPES = 32;
    if (!icmp_type || *icmp_type >= FILTERED_TYPES) return true;
    return (icmp_filter_.load(std::memory_order_relaxed) >> *icmp_type & 1) == 0;
}

// LINUX: raw_bind.
Result<> RawSocket::bind(const ipc::Address& address, const Caller&) {
    if (is_connected() || address.size < sizeof(abi::sockaddr_in)) return Error::Einval;
    if (address.family() != abi::AddressFamily::Inet) return Error::Einval;
    const Endpoint wanted = TRY(endpoint_from(address));
    if (kind_of(wanted.address) == AddressKind::Unicast && !ip_.is_on(IpFlag::Freebind))
        return Error::Eaddrnotavail;
    local_.store({wanted.address, 0}, std::memory_order_relaxed);
    has_chosen_address_.store(!wanted.address.is_any(), std::memory_order_relaxed);
    return {};
}

Result<> RawSocket::connect(const ipc::Address& address, const Caller&, const abi::ucred&) {
    if (address.size < abi::ADDRESS_FAMILY_SIZE) return Error::Einval;
    if (address.family() == abi::AddressFamily::Unspec) {
        is_connected_.store(false, std::memory_order_relaxed);
        remote_.store({}, std::memory_order_relaxed);
        if (!has_chosen_address_.load(std::memory_order_relaxed)) local_.store({}, std::memory_order_relaxed);
        return {};
    }
    const Endpoint peer = TRY(endpoint_from(address));
    const Endpoint own = local();
    const Route route = TRY(route_to(peer.address, own.address));
    if (route.kind == RouteKind::Broadcast && !options().has(SocketOption::Broadcast)) return Error::Eacces;
    if (own.address.is_any()) local_.store({route.source, 0}, std::memory_order_relaxed);
    remote_.store({route.destination, peer.port}, std::memory_order_relaxed);
    is_connected_.store(true, std::memory_order_relaxed);
    return {};
}

Result<> RawSocket::name(ipc::Address& out) {
    write_endpoint({local().address, number_}, out);
    return {};
}

// LINUX: raw_sendmsg.
Result<usize> RawSocket::send_datagram(vm::InBuffer& data, ipc::Message& message, const fs::Credentials&) {
    const Activity activity;
    const usize size = data.remaining();
    if (size > 0xffff) return Error::Emsgsize;
    if (abi::has(message.flags, MessageFlags::OutOfBand)) return Error::Eopnotsupp;
    Ipv4Address destination;
    if (message.address.size != 0) {
        if (message.address.size < sizeof(abi::sockaddr_in)) return Error::Einval;
        ipc::Address address = message.address;
        if (address.family() == abi::AddressFamily::Unspec) {
            const u16 family = static_cast<u16>(abi::AddressFamily::Inet);
            std::memcpy(address.bytes.data(), &family, sizeof(family));
        }
        destination = TRY(endpoint_from(address)).address;
    } else {
        if (!is_connected()) return Error::Edestaddrreq;
        destination = remote().address;
    }
    const SendControl control = TRY(send_control(message));
    const Ipv4Address source = !control.source.is_any() ? control.source : local().address;
    const Route route = TRY(route_to(destination, source));
    if (route.kind == RouteKind::Broadcast && !options().has(SocketOption::Broadcast)) return Error::Eacces;
    if (const i32 error = take_error(); error != 0) return static_cast<Error>(error);
    PacketPtr packet = TRY(Packet::create());
    if (ip_.is_on(IpFlag::HeaderIncluded)) {
        if (size > route.interface->mtu()) return Error::Emsgsize;
        if (size < Ipv4Header::SIZE) return Error::Einval;
        TRY(packet->append_from(data, static_cast<u32>(size)));
        TRY(send_with_header(std::move(packet), route));
        return size;
    }
    if (size > Packet::MOST_BYTES - Ipv4Header::SIZE) return Error::Emsgsize;
    TRY(packet->append_from(data, static_cast<u32>(size)));
    packet->checksum = ChecksumState::Complete;
    packet->loops_back = ip_.is_on(IpFlag::MulticastLoop);
    Outgoing way = outgoing(route.source, route.destination);
    way.protocol = static_cast<Protocol>(number_);
    if (control.ttl) way.ttl = *control.ttl;
    if (control.tos) way.tos = *control.tos;
    const Result<> sent = send_ip(std::move(packet), way, route);
    if (!sent && !(sent.error() == Error::Enobufs && !ip_.is_on(IpFlag::ReceiveErrors))) return sent.error();
    return size;
}

Result<> RawSocket::set_own_option(i32 level, i32 option, const ipc::OptionValue& value,
                                   const Caller& caller) {
    if (level != abi::LEVEL_RAW) return InetSocket::set_own_option(level, option, value, caller);
    if (option != ICMP_FILTER) return Error::Enoprotoopt;
    if (number_ != std::to_underlying(Protocol::Icmp)) return Error::Eopnotsupp;
    u32 filter = 0;
    // SAFETY: a number is bytes.
    TRY(value.read_bytes({reinterpret_cast<u8*>(&filter), sizeof(filter)}));
    icmp_filter_.store(filter, std::memory_order_relaxed);
    return {};
}

Result<ipc::OptionResult> RawSocket::own_option(i32 level, i32 option, u32 room) {
    if (level != abi::LEVEL_RAW) return InetSocket::own_option(level, option, room);
    if (option != ICMP_FILTER) return Error::Enoprotoopt;
    if (number_ != std::to_underlying(Protocol::Icmp)) return Error::Eopnotsupp;
    return ipc::OptionResult::of(icmp_filter_.load(std::memory_order_relaxed));
}

Result<> for_each_raw_socket(FunctionRef<Result<>(const SocketView&)> visit) {
    for (auto& bucket : table.buckets) TRY(visit_views(bucket, visit));
    return {};
}

void start_raw() { set_raw_receiver(&RawTable::deliver); }

}  // namespace exo::net
