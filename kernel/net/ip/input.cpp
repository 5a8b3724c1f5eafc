#include "net/ip/input.hpp"

#include <array>

#include "net/ip/configuration.hpp"
#include "net/ip/output.hpp"
#include "net/ip/reassembly.hpp"
#include "net/packet/checksum.hpp"

namespace exo::net {

namespace {

constinit std::array<TransportProtocol, 256> protocols{};
constinit RawReceiver raw_receiver = nullptr;
constinit ErrorSender error_sender = nullptr;

constexpr u8 UNREACHABLE = 3;
constexpr u8 HOST_UNREACHABLE = 1;
constexpr u8 PROTOCOL_UNREACHABLE = 2;
constexpr u8 PARAMETER_PROBLEM = 12;

constexpr u8 OPTION_END = 0;
constexpr u8 OPTION_NONE = 1;
constexpr u8 OPTION_LOOSE_ROUTE = 131;
constexpr u8 OPTION_STRICT_ROUTE = 137;

enum class OptionsVerdict : u8 { Good, Drop, Wrong };
struct OptionsCheck {
    OptionsVerdict verdict;
    u32 place = 0;  ///< Wrong: the offset in the header.
};

/// LINUX: ip_options_compile. Source routes are refused, as net.ipv4.conf.all.accept_source_route is 0.
OptionsCheck check_options(std::span<const u8> header) {
    for (usize at = Ipv4Header::SIZE; at < header.size();) {
        const u8 kind = header[at];
        if (kind == OPTION_END) break;
        if (kind == OPTION_NONE) {
            ++at;
            continue;
        }
        if (header.size() - at < 2 || header[at + 1] < 2 || header[at + 1] > header.size() - at)
            return {OptionsVerdict::Wrong, static_cast<u32>(at)};
        if (kind == OPTION_LOOSE_ROUTE || kind == OPTION_STRICT_ROUTE) return {OptionsVerdict::Drop};
        at += header[at + 1];
    }
    return {OptionsVerdict::Good};
}

void count_error(const Packet& packet) {
    packet.interface->received.errors.fetch_add(1, std::memory_order_relaxed);
}

/// Checks the header and cuts what the link has padded. Returns false for a packet to be dropped.
bool accept_header(Packet& packet) {
    const Ipv4Header* header = packet.front_as<Ipv4Header>();
    if (header == nullptr || header->version() != 4 || header->size() < Ipv4Header::SIZE) return false;
    const u32 header_size = header->size();
    if (packet.front(header_size) == nullptr) return false;
    header = packet.front_as<Ipv4Header>();
    const std::span<const u8> bytes(&header->version_and_size, header_size);
    if (!packet.interface->is_loopback() && checksum_of(bytes) != 0) return false;
    const u32 size = header->total_size;
    if (size < header_size || size > packet.size()) return false;
    packet.trim(size);
    return true;
}

/// LINUX: ip_route_input_slow: sources that no machine has.
bool is_martian(const Ipv4Header& header, const Interface& interface) {
    const Ipv4Address source = header.source();
    if (source.is_multicast() || source.is_limited_broadcast()) return true;
    if (interface.is_loopback()) return false;
    if (source.is_loopback() || header.destination().is_loopback()) return true;
    if (source.is_any())
        return !header.destination().is_limited_broadcast() && !header.destination().is_multicast();
    return source.is_zero_net() || kind_of(source) != AddressKind::Unicast;
}

/// Gives a whole packet to raw sockets and to its protocol.
void deliver_up(PacketPtr packet) {
    const Ipv4Header& header = *packet->front_as<Ipv4Header>();
    packet->source = header.source();
    packet->destination = header.destination();
    packet->protocol = header.protocol;
    packet->ttl = header.ttl;
    packet->tos = header.tos;
    packet->ip_header_size = static_cast<u8>(header.size());
    const bool is_wanted = raw_receiver != nullptr && raw_receiver(*packet);
    const TransportProtocol& protocol = protocols[packet->protocol];
    if (protocol.receive != nullptr) {
        packet->pull(packet->ip_header_size);
        protocol.receive(std::move(packet));
        return;
    }
    if (!is_wanted) send_error(*packet, UNREACHABLE, PROTOCOL_UNREACHABLE);
}

void receive_packet(PacketPtr packet) {
    if (!packet->interface->is_up()) return;
    if (!accept_header(*packet)) {
        count_error(*packet);
        return;
    }
    const Ipv4Header& header = *packet->front_as<Ipv4Header>();
    if (is_martian(header, *packet->interface)) {
        packet->interface->received.dropped.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    const AddressKind kind = kind_for_input(header.destination(), *packet->interface);
    // The machine forwards nothing.
    if (kind == AddressKind::Unicast) return;
    if (kind == AddressKind::Multicast && !is_joined(*packet->interface, header.destination())) return;
    packet->is_broadcast = packet->is_broadcast || kind != AddressKind::Local;
    packet->source = header.source();
    packet->destination = header.destination();
    if (header.size() > Ipv4Header::SIZE) {
        const OptionsCheck check = check_options({&header.version_and_size, header.size()});
        if (check.verdict == OptionsVerdict::Wrong)
            send_error(*packet, PARAMETER_PROBLEM, 0, check.place << 24);
        if (check.verdict != OptionsVerdict::Good) return;
    }
    if (header.is_fragment()) {
        Interface* const interface = packet->interface;
        const bool is_broadcast = packet->is_broadcast;
        packet = reassemble(std::move(packet));
        if (!packet) return;
        packet->interface = interface;
        packet->is_broadcast = is_broadcast;
    }
    deliver_up(std::move(packet));
}

class Ipv4Layer final : public NetworkLayer {
  public:
    void receive(PacketPtr packet) override { receive_packet(std::move(packet)); }
    Ipv4Address own_address(const Interface& interface, Ipv4Address neighbour) override {
        return address_towards(interface, neighbour);
    }
    bool is_own(Ipv4Address address) override { return kind_of(address) == AddressKind::Local; }
    // LINUX: ipv4_link_failure: the sender gets an ICMP error, as from a router.
    void report_unreachable(PacketPtr packet) override { send_error(*packet, UNREACHABLE, HOST_UNREACHABLE); }
};
constinit Ipv4Layer ipv4_layer;

}  // namespace

void set_protocol(Protocol number, const TransportProtocol& protocol) {
    protocols[std::to_underlying(number)] = protocol;
}

const TransportProtocol* find_protocol(u8 number) {
    return protocols[number].receive != nullptr ? &protocols[number] : nullptr;
}

void set_raw_receiver(RawReceiver receiver) { raw_receiver = receiver; }
void set_error_sender(ErrorSender sender) { error_sender = sender; }

void send_error(Packet& packet, u8 type, u8 code, u32 information) {
    if (error_sender != nullptr) error_sender(packet, type, code, information);
}

void start_ip() { set_network_layer(ipv4_layer); }

}  // namespace exo::net
