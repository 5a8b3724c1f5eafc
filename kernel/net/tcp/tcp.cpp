#include "net/tcp/tcp.hpp"

#include "net/ip/input.hpp"
#include "net/packet/checksum.hpp"
#include "net/tcp/listener.hpp"

namespace exo::net::tcp {

void receive_without_flow(const Flow& flow, const Segment& segment, PacketPtr packet, u32 initial) {
    const u32 hash = static_cast<u32>(sip_hash(flow_secret(), flow, 4) >> 32);
    if (const Ref<Listener> listener = find_listener(flow.local, packet->interface, hash))
        listener->receive(flow, segment, std::move(packet), initial);
    else
        send_reset_for(flow, segment);
}

namespace {

void receive(PacketPtr packet) {
    // LINUX: tcp_v4_rcv.
    if (packet->is_broadcast || packet->source.is_multicast() || packet->source.is_limited_broadcast())
        return;
    if (!is_transport_checksum_correct(*packet, Protocol::Tcp)) return;
    const std::optional<Segment> segment = take_header(*packet);
    if (!segment) return;
    const Flow flow{{packet->destination, segment->destination_port}, {packet->source, segment->source_port}};
    if (const Ref<FlowEntry> entry = find_flow(flow)) [[likely]]
        entry->receive(*segment, std::move(packet));
    else
        receive_without_flow(flow, *segment, std::move(packet), 0);
}

void fail(const NetworkError& error, const Packet&) {
    // LINUX: tcp_v4_err.
    const Flow flow{{error.source, error.source_port}, {error.destination, error.destination_port}};
    const Ref<FlowEntry> entry = find_flow(flow);
    if (!entry) return;
    switch (entry->kind()) {
        case FlowEntry::Kind::Connection:
            static_cast<Connection&>(*entry).fail(error.error, error.is_fatal, error.mtu, error.sequence);
            break;
        case FlowEntry::Kind::Handshake:
            if (error.mtu == 0) static_cast<HandshakeEntry&>(*entry).fail(error.sequence);
            break;
        case FlowEntry::Kind::TimeWait: break;
    }
}

}  // namespace

Result<> start_tcp() {
    TRY(start_flows());
    set_protocol(Protocol::Tcp, {receive, fail});
    return {};
}

}  // namespace exo::net::tcp
