#include "net/ip/output.hpp"

#include <algorithm>
#include <cstring>

#include "drivers/random/random.hpp"
#include "net/ip/header.hpp"
#include "net/ip/input.hpp"
#include "net/link/activity.hpp"
#include "net/packet/checksum.hpp"
#include "utils/fixed_vector.hpp"

namespace exo::net {

namespace {

/// Identifications of packets. One counter for all: its start is random, so that nobody outside can count what is sent elsewhere.
constinit std::atomic<u32> next_id{0};

constinit std::atomic<bool> reaches_host{false};
/// Written at boot and by the DHCP client.
constinit FixedVector<Ipv4Prefix, 8> refused;
constexpr usize MOST_NAME_SERVERS = 8;
constinit std::array<std::atomic<u32>, MOST_NAME_SERVERS> name_servers{};

/// LINUX: RFC 6864: a packet that cannot be cut needs no identification.
u16 take_id() { return static_cast<u16>(next_id.fetch_add(1, std::memory_order_relaxed)); }

void finish_header(Ipv4Header& header, u32 size) {
    header.total_size = static_cast<u16>(size);
    header.checksum = u16{0};
    const u16 sum = checksum_of({&header.version_and_size, header.size()});
    std::memcpy(&header.checksum, &sum, sizeof(sum));
}

/// Completes a partial checksum. The transport header is in front.
void complete_checksum(Packet& packet) {
    Checksum sum;
    add_packet(sum, packet);
    u16 value = sum.value();
    if (value == 0 && packet.protocol == std::to_underlying(Protocol::Udp)) value = 0xffff;
    std::memcpy(packet.headers().data() + packet.checksum_offset, &value, sizeof(value));
    packet.checksum = ChecksumState::Complete;
}

/// Hands a packet with its IP header to the interface. A broadcast or multicast packet also arrives here.
Result<> hand_out(PacketPtr packet, const Route& route) {
    packet->interface = route.interface;
    packet->next_hop = route.next_hop;
    packet->is_broadcast = route.kind == RouteKind::Broadcast;
    const bool arrives_too =
        !route.interface->is_loopback() &&
        (route.kind == RouteKind::Broadcast || (route.kind == RouteKind::Multicast && packet->loops_back &&
                                                is_joined(*route.interface, packet->destination)));
    if (arrives_too) {
        PacketPtr copy = TRY(packet->clone());
        if (copy->checksum == ChecksumState::Partial) copy->checksum = ChecksumState::Correct;
        Activity::put_off(std::move(copy));
    }
    if (route.kind == RouteKind::Multicast && packet->ttl == 0 && !route.interface->is_loopback()) return {};
    return route.interface->transmit(std::move(packet));
}

/// Cuts a packet, which has its IP header, to the MTU. LINUX: ip_do_fragment.
Result<> send_fragments(PacketPtr packet, u32 mtu, const Route& route) {
    const Ipv4Header& whole = *packet->front_as<Ipv4Header>();
    const u32 header_size = whole.size();
    const u32 unit = (mtu - header_size) & ~7U;
    if (mtu < header_size + 8) return Error::Emsgsize;
    const u32 data_size = packet->size() - header_size;
    for (u32 offset = 0; offset < data_size;) {
        const u32 part = std::min(unit, data_size - offset);
        PacketPtr piece = TRY(Packet::create());
        TRY(packet->share(header_size + offset, part, *piece));
        // LINUX: ip_options_fragment: options that are not copied become padding in all but the first; the header keeps its size.
        std::memcpy(piece->push(header_size), packet->headers().data(), header_size);
        Ipv4Header& header = *piece->front_as<Ipv4Header>();
        if (offset != 0 && header_size > Ipv4Header::SIZE) {
            u8* option = &header.version_and_size + Ipv4Header::SIZE;
            u8* const end = &header.version_and_size + header_size;
            while (option < end && *option != 0) {
                if (*option == 1) {
                    ++option;
                    continue;
                }
                if (end - option < 2 || option[1] < 2 || option[1] > end - option) break;
                const u32 size = option[1];
                if ((*option & 0x80) == 0) std::memset(option, 1, size);
                option += size;
            }
        }
        const bool is_last = offset + part == data_size;
        const u16 own_offset = static_cast<u16>((whole.fragment_offset() + offset) / 8);
        const bool more = !is_last || whole.has_more_fragments();
        const u16 flags = static_cast<u16>((whole.flags_and_offset & Ipv4Header::DONT_FRAGMENT) |
                                           (more ? Ipv4Header::MORE_FRAGMENTS : 0) | own_offset);
        header.flags_and_offset = flags;
        piece->source = packet->source;
        piece->destination = packet->destination;
        piece->protocol = packet->protocol;
        piece->ttl = packet->ttl;
        piece->loops_back = packet->loops_back;
        piece->checksum = ChecksumState::Complete;
        finish_header(header, piece->size());
        TRY(hand_out(std::move(piece), route));
        offset += part;
    }
    return {};
}

/// Whether an address is one that a machine's programs must not reach on its host.
bool is_of_host(Ipv4Address address) {
    return address.is_loopback() || address.is_link_local() || address.is_zero_net();
}

}  // namespace

void let_reach_host() { reaches_host.store(true, std::memory_order_relaxed); }

bool may_leave(Endpoint destination, Protocol protocol, const Interface& interface) {
    if (interface.is_loopback() || reaches_host.load(std::memory_order_relaxed)) return true;
    if (is_of_host(destination.address)) return false;
    const bool is_refused = std::ranges::any_of(
        refused, [&](const Ipv4Prefix& network) { return network.contains(destination.address); });
    if (!is_refused) return true;
    constexpr u16 NAME_SERVICE = 53;
    if (protocol != Protocol::Udp && protocol != Protocol::Tcp) return false;
    return destination.port == NAME_SERVICE &&
           std::ranges::any_of(name_servers, [&](const std::atomic<u32>& server) {
               return server.load(std::memory_order_relaxed) == destination.address.value;
           });
}

/// Whether a TCP segment, from its header on, could open a connection.
static bool opens_connection(const Packet& packet) {
    constexpr u32 FLAGS_OFFSET = 13;
    constexpr u8 SYN = 0x02;
    constexpr u8 ACK = 0x10;
    std::array<u8, FLAGS_OFFSET + 1> bytes{};
    if (packet.size() < bytes.size()) return true;
    packet.copy_out(0, bytes);
    return (bytes[FLAGS_OFFSET] & (SYN | ACK)) == SYN;
}

/// Whether the machine's rules let a packet, which begins with its transport header, leave. A TCP segment that opens no connection may
/// go to a refused network: QEMU's own network shows the callers of a published port as 10.0.2.2, and connects to the host on a SYN only.
static bool may_leave(const Packet& packet, u8 protocol, Ipv4Address destination,
                      const Interface& interface) {
    if (interface.is_loopback()) return true;
    std::array<u8, 4> ports{};
    if (packet.size() >= ports.size()) packet.copy_out(0, ports);
    const u16 port = static_cast<u16>(ports[2] << 8 | ports[3]);
    if (may_leave({destination, port}, static_cast<Protocol>(protocol), interface)) return true;
    return protocol == std::to_underlying(Protocol::Tcp) && !is_of_host(destination) &&
           !opens_connection(packet);
}

Result<> refuse_network(const Ipv4Prefix& network) { return refused.push(network); }

void allow_name_server(Ipv4Address address) {
    for (std::atomic<u32>& server : name_servers) {
        u32 free = 0;
        if (server.load(std::memory_order_relaxed) == address.value) return;
        if (server.compare_exchange_strong(free, address.value, std::memory_order_relaxed)) return;
    }
}

/// LINUX: noop_enqueue: what an interface that is down is to send is lost, without an error.
static Result<> lose(Interface& interface) {
    interface.sent.dropped.fetch_add(1, std::memory_order_relaxed);
    return {};
}

Result<> send_ip(PacketPtr packet, const Outgoing& outgoing, const Route& route) {
    if (!route.interface->is_up()) return lose(*route.interface);
    if (!may_leave(*packet, std::to_underlying(outgoing.protocol), route.destination, *route.interface))
        return Error::Eacces;
    packet->source = outgoing.source;
    packet->destination = outgoing.destination;
    packet->protocol = std::to_underlying(outgoing.protocol);
    packet->ttl = outgoing.ttl;
    const u32 mtu = outgoing.ignores_path_mtu ? route.interface->mtu() : route.mtu;
    const u32 header_size = Ipv4Header::SIZE + static_cast<u32>(outgoing.options.size());
    const u32 size = packet->size() + header_size;
    if (size > Packet::MOST_BYTES) return Error::Emsgsize;
    const bool is_cut = size > mtu && packet->segment_size == 0;
    if (is_cut && outgoing.fragmenting == Fragmenting::Forbidden) return Error::Emsgsize;
    if (packet->checksum == ChecksumState::Partial && (is_cut || !route.interface->completes_checksums()))
        complete_checksum(*packet);

    u8* const options = packet->push(static_cast<u32>(outgoing.options.size()));
    if (!outgoing.options.empty()) std::memcpy(options, outgoing.options.data(), outgoing.options.size());
    Ipv4Header& header = packet->push_header<Ipv4Header>();
    header.version_and_size = static_cast<u8>(0x40 | header_size / 4);
    header.tos = outgoing.tos;
    const bool is_whole = outgoing.fragmenting != Fragmenting::Allowed && !is_cut;
    header.id = is_whole && packet->protocol != std::to_underlying(Protocol::Tcp) ? u16{0} : take_id();
    header.flags_and_offset =
        outgoing.fragmenting == Fragmenting::Allowed ? u16{0} : u16{Ipv4Header::DONT_FRAGMENT};
    header.ttl = outgoing.ttl;
    header.protocol = packet->protocol;
    header.source_bytes = outgoing.source.value;
    header.destination_bytes = outgoing.destination.value;
    finish_header(header, size);
    if (is_cut) return send_fragments(std::move(packet), mtu, route);
    return hand_out(std::move(packet), route);
}

// LINUX: raw_send_hdrinc.
Result<> send_with_header(PacketPtr packet, const Route& route) {
    if (!route.interface->is_up()) return lose(*route.interface);
    if (packet->size() > route.interface->mtu()) return Error::Emsgsize;
    const Ipv4Header* const given = packet->front_as<Ipv4Header>();
    if (given == nullptr || given->size() < Ipv4Header::SIZE || given->size() > packet->size())
        return Error::Einval;
    const u32 header_size = given->size();
    if (packet->front(header_size) == nullptr) return Error::Einval;
    // A program's own header names the destination once more: the route's and the header's must both be allowed.
    Ipv4Header& header = *packet->front_as<Ipv4Header>();
    packet->pull(header_size);
    // What a fragment says of ports and flags is not the packet's.
    const u8 protocol = header.is_fragment() ? std::to_underlying(Protocol::Raw) : header.protocol;
    const bool is_allowed = may_leave(*packet, protocol, route.destination, *route.interface) &&
                            may_leave(*packet, protocol, header.destination(), *route.interface);
    if (!packet->unpull(header_size)) return Error::Einval;
    if (!is_allowed) return Error::Eacces;
    if (header.source_bytes == 0) header.source_bytes = route.source.value;
    if (header.id == 0) header.id = take_id();
    packet->source = header.source();
    packet->destination = header.destination();
    packet->protocol = header.protocol;
    packet->ttl = header.ttl;
    packet->checksum = ChecksumState::Complete;
    finish_header(header, packet->size());
    return hand_out(std::move(packet), route);
}

void start_output() {
    next_id.store(static_cast<u32>(drivers::RANDOM.next_u64()), std::memory_order_relaxed);
}

}  // namespace exo::net
