#include "net/socket/udp_table.hpp"

#include "drivers/random/random.hpp"
#include "net/icmp/icmp.hpp"
#include "net/packet/checksum.hpp"
#include "scheduler/preemption.hpp"

namespace exo::net {

using abi::SocketOption;

namespace {

constexpr u16 FIRST_EPHEMERAL = 32768;
constexpr u16 LAST_EPHEMERAL = 60999;

[[clang::no_destroy]] constinit UdpTable table;

/// How well a socket fits a packet; 0: not at all. LINUX: compute_score.
u32 score(const UdpSocket& socket, const Packet& packet) {
    const Endpoint local = socket.local();
    if (local.port != packet.destination_port) return 0;
    u32 points = 1;
    if (!local.address.is_any()) {
        if (local.address != packet.destination) return 0;
        points += 4;
    }
    if (const Endpoint remote = socket.remote(); socket.is_connected() || remote.port != 0) {
        if (remote.address != packet.source || remote.port != packet.source_port) return 0;
        points += 8;
    }
    if (const Interface* const bound = socket.bound_interface()) {
        if (bound != packet.interface) return 0;
        points += 4;
    }
    return points;
}

/// The sockets of one SO_REUSEPORT group share what comes, by flow.
u32 flow_number(const Packet& packet) {
    u64 key = u64{packet.source.value} << 32 | u64{packet.source_port} << 16 | packet.destination_port;
    key ^= packet.destination.value;
    key *= 0x9e3779b97f4a7c15;
    return static_cast<u32>(key >> 32);
}

/// LINUX: __udp_is_mcast_sock.
bool wants_spread(const UdpSocket& socket, const Packet& packet) {
    const Endpoint local = socket.local();
    const Endpoint remote = socket.remote();
    if (local.port != packet.destination_port) return false;
    if (!local.address.is_any() && local.address != packet.destination) return false;
    if (remote.port != 0 && (remote.address != packet.source || remote.port != packet.source_port))
        return false;
    if (socket.bound_interface() != nullptr && socket.bound_interface() != packet.interface) return false;
    return !packet.destination.is_multicast() || socket.receives_group(packet.destination, *packet.interface);
}

void receive_udp(PacketPtr packet) {
    const UdpHeader* const front = packet->front_as<UdpHeader>();
    if (front == nullptr) return;
    const UdpHeader header = *front;
    if (header.size < sizeof(UdpHeader) || header.size > packet->size()) return;
    packet->trim(header.size);
    if (header.checksum != 0 && !is_transport_checksum_correct(*packet, Protocol::Udp)) return;
    packet->source_port = header.source_port;
    packet->destination_port = header.destination_port;
    packet->pull(sizeof(UdpHeader));
    table.deliver(std::move(packet));
}

void fail_udp(const NetworkError& error, const Packet& packet) { table.fail(error, packet); }

}  // namespace

UdpTable& udp_table() { return table; }

/// LINUX: udp_lib_lport_inuse.
bool UdpTable::conflicts(Sockets& sockets, const UdpSocket& socket, Endpoint local) {
    for (const UdpSocket& other : sockets) {
        const Endpoint taken = other.local();
        if (&other == &socket || taken.port != local.port) continue;
        if (other.options().has(SocketOption::ReuseAddress) &&
            socket.options().has(SocketOption::ReuseAddress))
            continue;
        const Interface* const bound = socket.bound_interface();
        if (bound != nullptr && other.bound_interface() != nullptr && bound != other.bound_interface())
            continue;
        if (!taken.address.is_any() && !local.address.is_any() && taken.address != local.address) continue;
        const bool is_shared = other.options().has(SocketOption::ReusePort) &&
                               socket.options().has(SocketOption::ReusePort) &&
                               other.owner() == socket.owner();
        if (!is_shared) return true;
    }
    return false;
}

Result<> UdpTable::add(UdpSocket& socket, Endpoint local) {
    auto sockets = bucket(local.port).lock();
    if (conflicts(*sockets, socket, local)) return Error::Eaddrinuse;
    // A broadcast visits all of them under the lock.
    if (sockets->count() >= MOST_IN_BUCKET) return Error::Enobufs;
    socket.local_.store(local, std::memory_order_relaxed);
    sockets->push_back(socket);
    socket.is_bound_.store(true, std::memory_order_release);
    return {};
}

Result<> UdpTable::add_anywhere(UdpSocket& socket, Ipv4Address address) {
    constexpr u32 PORTS = LAST_EPHEMERAL - FIRST_EPHEMERAL + 1;
    const u32 start = static_cast<u32>(drivers::RANDOM.next_u64() % PORTS);
    for (u32 i = 0; i < PORTS; ++i) {
        const u16 port = static_cast<u16>(FIRST_EPHEMERAL + (start + i) % PORTS);
        if (add(socket, {address, port})) return {};
        TRY(scheduler::preempt_point(scheduler::WaitMode::Killable));
    }
    return Error::Eaddrinuse;
}

void UdpTable::remove(UdpSocket& socket) {
    if (!socket.is_bound_.load(std::memory_order_acquire)) return;
    auto sockets = bucket(socket.local().port).lock();
    socket.table_link.unlink();
    socket.is_bound_.store(false, std::memory_order_relaxed);
}

void UdpTable::move(UdpSocket& socket, Ipv4Address address) {
    const u16 port = socket.local().port;
    auto sockets = bucket(port).lock();
    socket.local_.store({address, port}, std::memory_order_relaxed);
}

UdpSocket* UdpTable::find(Sockets& sockets, const Packet& packet) {
    UdpSocket* best = nullptr;
    u32 best_score = 0;
    u32 equals = 0;
    for (UdpSocket& socket : sockets) {
        const u32 points = score(socket, packet);
        if (points == 0 || points < best_score) continue;
        if (points > best_score) {
            best = &socket;
            best_score = points;
            equals = 1;
        } else if (socket.options().has(SocketOption::ReusePort) &&
                   best->options().has(SocketOption::ReusePort)) {
            ++equals;
        }
    }
    if (equals <= 1) return best;
    u32 left = flow_number(packet) % equals;
    for (UdpSocket& socket : sockets) {
        if (score(socket, packet) != best_score || !socket.options().has(SocketOption::ReusePort)) continue;
        if (left-- == 0) return &socket;
    }
    return best;
}

bool UdpTable::deliver(PacketPtr packet) {
    {
        auto sockets = bucket(packet->destination_port).lock();
        if (packet->is_broadcast) {
            UdpSocket* last = nullptr;
            for (UdpSocket& socket : *sockets) {
                if (!wants_spread(socket, *packet)) continue;
                if (last != nullptr)
                    if (Result<PacketPtr> copy = packet->clone()) last->enqueue(std::move(*copy));
                last = &socket;
            }
            if (last != nullptr) last->enqueue(std::move(packet));
            return last != nullptr;
        }
        if (UdpSocket* const socket = find(*sockets, *packet)) {
            if (packet->ttl < socket->ip_options().min_ttl.load(std::memory_order_relaxed)) return true;
            socket->enqueue(std::move(packet));
            return true;
        }
    }
    if (!packet->unpull(sizeof(UdpHeader)) || !packet->unpull(packet->ip_header_size)) return false;
    send_error(*packet, std::to_underlying(IcmpType::Unreachable), PORT_UNREACHABLE);
    return false;
}

/// LINUX: __udp4_lib_err.
void UdpTable::fail(const NetworkError& error, const Packet& packet) {
    const bool is_too_large =
        error.type == std::to_underlying(IcmpType::Unreachable) && error.code == FRAGMENTATION_NEEDED;
    if (is_too_large) note_path_mtu(error.destination, error.mtu);
    auto sockets = bucket(error.source_port).lock();
    for (UdpSocket& socket : *sockets) {
        const Endpoint local = socket.local();
        const Endpoint remote = socket.remote();
        if (local.port != error.source_port) continue;
        if (!local.address.is_any() && local.address != error.source) continue;
        if (remote.port != 0 && !(remote == Endpoint{error.destination, error.destination_port})) continue;
        const bool discovers =
            socket.ip_options().mtu_discovery.load(std::memory_order_relaxed) != abi::MtuDiscovery::Dont;
        if (is_too_large && !discovers) return;
        const bool is_hard = error.is_fatal || is_too_large;
        if (!socket.queue_error(error, packet, sizeof(UdpHeader)) && (!is_hard || !socket.is_connected()))
            return;
        socket.report(error.error);
        return;
    }
}

Result<> UdpTable::for_each(FunctionRef<Result<>(const SocketView&)> visit) {
    for (Bucket& one : buckets_) TRY(visit_views(one, visit));
    return {};
}

Result<> for_each_udp_socket(FunctionRef<Result<>(const SocketView&)> visit) { return table.for_each(visit); }

void start_udp() { set_protocol(Protocol::Udp, {&receive_udp, &fail_udp}); }

}  // namespace exo::net
