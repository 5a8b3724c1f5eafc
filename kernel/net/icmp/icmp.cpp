#include "net/icmp/icmp.hpp"

#include <array>
#include <cstring>

#include "net/ip/output.hpp"
#include "net/packet/checksum.hpp"
#include "time/clock.hpp"

namespace exo::net {

namespace {

/// LINUX: net.ipv4.icmp_msgs_per_sec and icmp_msgs_burst, for all messages that icmp_ratemask has.
constexpr u64 MESSAGES_PER_SECOND = 1000;
constexpr u32 BURST = 50;

/// A token bucket, without a lock: the time at which the bucket would be full.
class RateLimit {
  public:
    bool take() {
        constexpr time::Nanoseconds EACH = time::SECOND / MESSAGES_PER_SECOND;
        const time::Nanoseconds now = time::monotonic();
        time::Nanoseconds full = full_at_.load(std::memory_order_relaxed);
        time::Nanoseconds next = 0;
        do {
            next = std::max(full, now) + EACH;
            if (next > now + BURST * EACH) return false;
        } while (!full_at_.compare_exchange_weak(full, next, std::memory_order_relaxed));
        return true;
    }

  private:
    std::atomic<time::Nanoseconds> full_at_{0};
};
constinit RateLimit error_limit;

struct Meaning {
    Error error;
    bool is_fatal;
};
/// LINUX: icmp_err_convert.
constexpr std::array<Meaning, 16> UNREACHABLE_MEANINGS{{{Error::Enetunreach, false},
                                                        {Error::Ehostunreach, false},
                                                        {Error::Enoprotoopt, true},
                                                        {Error::Econnrefused, true},
                                                        {Error::Emsgsize, false},
                                                        {Error::Eopnotsupp, false},
                                                        {Error::Enetunreach, true},
                                                        {Error::Ehostdown, true},
                                                        {Error::Enonet, true},
                                                        {Error::Enetunreach, true},
                                                        {Error::Ehostunreach, true},
                                                        {Error::Enetunreach, false},
                                                        {Error::Ehostunreach, false},
                                                        {Error::Ehostunreach, true},
                                                        {Error::Ehostunreach, true},
                                                        {Error::Ehostunreach, true}}};

std::optional<Meaning> meaning_of(const IcmpHeader& header) {
    switch (static_cast<IcmpType>(header.type)) {
        case IcmpType::Unreachable:
            if (header.code >= UNREACHABLE_MEANINGS.size()) return std::nullopt;
            return UNREACHABLE_MEANINGS[header.code];
        case IcmpType::TimeExceeded: return Meaning{Error::Ehostunreach, false};
        case IcmpType::ParameterProblem: return Meaning{Error::Eproto, true};
        case IcmpType::SourceQuench: return std::nullopt;
        default: return std::nullopt;
    }
}

/// The ICMP header has been pulled; the packet in error is in front.
void receive_error(Packet& packet, const IcmpHeader& icmp) {
    const std::optional<Meaning> meaning = meaning_of(icmp);
    if (!meaning) return;
    const Ipv4Header* header = packet.front_as<Ipv4Header>();
    if (header == nullptr || header->version() != 4 || header->size() < Ipv4Header::SIZE) return;
    const u32 header_size = header->size();
    constexpr u32 TRANSPORT_BYTES = 8;
    if (packet.front(header_size + TRANSPORT_BYTES) == nullptr) return;
    header = packet.front_as<Ipv4Header>();
    if (header->fragment_offset() != 0) return;
    NetworkError error{.type = icmp.type,
                       .code = icmp.code,
                       .error = meaning->error,
                       .is_fatal = meaning->is_fatal,
                       .reporter = packet.source,
                       .source = header->source(),
                       .destination = header->destination()};
    const u8 protocol = header->protocol;
    if (icmp.type == std::to_underlying(IcmpType::Unreachable) && icmp.code == FRAGMENTATION_NEEDED) {
        error.mtu = icmp.sequence;
        // RFC 1191, section 5: a router that does not say.
        if (error.mtu == 0) error.mtu = header->total_size > 576 ? 576 : 68;
    }
    packet.pull(header_size);
    const u8* const transport = packet.headers().data();
    Be16 port;
    Be32 sequence;
    std::memcpy(&port, transport, sizeof(port));
    error.source_port = port;
    std::memcpy(&port, transport + 2, sizeof(port));
    error.destination_port = port;
    std::memcpy(&sequence, transport + 4, sizeof(sequence));
    error.sequence = sequence;
    const TransportProtocol* const owner = find_protocol(protocol);
    if (owner != nullptr && owner->fail != nullptr) owner->fail(error, packet);
}

/// LINUX: icmp_reply: the answer comes from the address that was asked.
void answer_echo(PacketPtr packet) {
    // LINUX: net.ipv4.icmp_echo_ignore_broadcasts.
    if (packet->is_broadcast) return;
    const Ipv4Address asker = packet->source;
    const Ipv4Address asked = packet->destination;
    const Result<Route> route = find_route(asker, asked);
    if (!route) return;
    Result<PacketPtr> answer = Packet::create();
    if (!answer) return;
    if (!packet->share(0, packet->size(), **answer)) return;
    if ((*answer)->front(sizeof(IcmpHeader)) == nullptr) return;
    (*answer)->front_as<IcmpHeader>()->type = std::to_underlying(IcmpType::EchoReply);
    finish_icmp(**answer);
    const Outgoing outgoing{
        .source = asked, .destination = asker, .protocol = Protocol::Icmp, .tos = packet->tos};
    (void)send_ip(std::move(*answer), outgoing, *route);
}

void receive(PacketPtr packet) {
    Checksum sum;
    if (packet->checksum != ChecksumState::Correct || !packet->interface->is_loopback()) {
        add_packet(sum, *packet);
        if (!sum.is_correct()) return;
    }
    const IcmpHeader* const front = packet->front_as<IcmpHeader>();
    if (front == nullptr) return;
    const IcmpHeader header = *front;
    switch (static_cast<IcmpType>(header.type)) {
        case IcmpType::Echo: answer_echo(std::move(packet)); break;
        case IcmpType::Unreachable:
        case IcmpType::TimeExceeded:
        case IcmpType::ParameterProblem:
            packet->pull(sizeof(IcmpHeader));
            receive_error(*packet, header);
            break;
        default: break;
    }
}

/// LINUX: icmp_send. `packet` begins with its IP header.
void send_error_about(Packet& packet, u8 type, u8 code, u32 information) {
    const Ipv4Header* header = packet.front_as<Ipv4Header>();
    if (header == nullptr) return;
    const u32 header_size = header->size();
    // RFC 1122, section 3.2.2: none about broadcasts, fragments but the first, and errors.
    if (packet.is_broadcast || header->fragment_offset() != 0 || packet.interface == nullptr) return;
    const Ipv4Address asked = header->destination();
    const Ipv4Address sender = header->source();
    if (asked.is_multicast() || sender.is_any() || sender.is_multicast() || sender.is_limited_broadcast())
        return;
    if (header->protocol == std::to_underlying(Protocol::Icmp)) {
        const u8* const inner = packet.front(header_size + 1);
        if (inner == nullptr) return;
        const auto inner_type = static_cast<IcmpType>(inner[header_size]);
        const bool is_question = inner_type == IcmpType::Echo || inner_type == IcmpType::EchoReply ||
                                 inner_type == IcmpType::Timestamp || inner_type == IcmpType::TimestampReply;
        if (!is_question) return;
        header = packet.front_as<Ipv4Header>();
    }
    if (!packet.interface->is_loopback() && !error_limit.take()) return;
    const Result<Route> route =
        find_route(sender, kind_of(asked) == AddressKind::Local ? asked : ANY_ADDRESS);
    if (!route) return;
    Result<PacketPtr> message = Packet::create();
    if (!message) return;
    // LINUX: at most 576 bytes with all headers.
    constexpr u32 MOST_QUOTED = 576 - Ipv4Header::SIZE - sizeof(IcmpHeader);
    if (!packet.share(0, std::min(packet.size(), MOST_QUOTED), **message)) return;
    IcmpHeader& icmp = (*message)->push_header<IcmpHeader>();
    icmp.type = type;
    icmp.code = code;
    icmp.id = static_cast<u16>(information >> 16);
    icmp.sequence = static_cast<u16>(information);
    finish_icmp(**message);
    const Outgoing outgoing{.source = route->source,
                            .destination = sender,
                            .protocol = Protocol::Icmp,
                            .tos = static_cast<u8>((header->tos & 0x1e) | 0xc0)};
    (void)send_ip(std::move(*message), outgoing, *route);
}

}  // namespace

void finish_icmp(Packet& packet) {
    IcmpHeader& header = *packet.front_as<IcmpHeader>();
    header.checksum = u16{0};
    Checksum sum;
    add_packet(sum, packet);
    const u16 value = sum.value();
    std::memcpy(&packet.front_as<IcmpHeader>()->checksum, &value, sizeof(value));
    packet.checksum = ChecksumState::Complete;
}

void start_icmp() {
    set_protocol(Protocol::Icmp, {&receive, nullptr});
    set_error_sender(&send_error_about);
}

}  // namespace exo::net
