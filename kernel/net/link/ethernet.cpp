#include "net/link/ethernet.hpp"

#include <cstring>

#include "net/link/activity.hpp"
#include "net/link/neighbours.hpp"

namespace exo::net {

using abi::InterfaceFlags;

EthernetInterface::EthernetInterface(std::string_view name, drivers::NetworkDevice& device)
    : Interface(name, abi::HardwareType::Ethernet, device.mtu(),
                InterfaceFlags::Broadcast | InterfaceFlags::Multicast |
                    (device.is_link_up() ? InterfaceFlags::Running | InterfaceFlags::LowerUp
                                         : InterfaceFlags::None)),
      device_(device) {}

u32 EthernetInterface::most_segmented() const {
    const u32 most = device_.most_segmented();
    return most > sizeof(EthernetHeader)
               ? std::min(most - static_cast<u32>(sizeof(EthernetHeader)), Packet::MOST_BYTES)
               : 0;
}

LinkLosses EthernetInterface::link_losses() const {
    const drivers::NetworkCounters in = device_.received();
    const drivers::NetworkCounters out = device_.sent();
    return {in.errors, in.dropped, out.errors, out.dropped};
}

void EthernetInterface::link_changed(bool is_up) {
    constexpr InterfaceFlags CARRIER = InterfaceFlags::Running | InterfaceFlags::LowerUp;
    change_flags(is_up ? CARRIER : InterfaceFlags::None, is_up ? InterfaceFlags::None : CARRIER);
}

/// RFC 1112, section 6.4.
static HardwareAddress hardware_of_group(Ipv4Address group) {
    return {0x01,
            0x00,
            0x5e,
            static_cast<u8>(group.value >> 16 & 0x7f),
            static_cast<u8>(group.value >> 8),
            static_cast<u8>(group.value)};
}

Result<> EthernetInterface::transmit(PacketPtr packet) {
    HardwareAddress to = HARDWARE_BROADCAST;
    if (packet->next_hop.is_multicast()) {
        to = hardware_of_group(packet->next_hop);
    } else if (!packet->is_broadcast) {
        const Ipv4Address next_hop = packet->next_hop;
        const std::optional<HardwareAddress> known = resolve_neighbour(*this, next_hop, packet);
        if (!known) return {};
        to = *known;
    }
    return transmit_to(*packet, to, TYPE_IPV4);
}

Result<> EthernetInterface::transmit_to(Packet& packet, const HardwareAddress& to, u16 type) {
    drivers::FrameOffload offload;
    if (type == TYPE_IPV4 && packet.checksum == ChecksumState::Partial) {
        const u32 ip_header = (packet.headers()[0] & 15U) * 4;
        const u32 transport = static_cast<u32>(sizeof(EthernetHeader)) + ip_header;
        offload.needs_checksum = true;
        offload.checksum_start = static_cast<u16>(transport);
        offload.checksum_offset = packet.checksum_offset;
        if (packet.segment_size != 0 && packet.size() > mtu()) {
            // The size of the TCP header is in the upper half of its byte 12.
            const u32 tcp_header = (packet.headers()[ip_header + 12] >> 4) * 4U;
            offload.segment_size = packet.segment_size;
            offload.header_size = static_cast<u16>(transport + tcp_header);
        }
    }
    EthernetHeader& header = packet.push_header<EthernetHeader>();
    header.destination = to;
    header.source = device_.address();
    header.type = type;
    std::array<std::span<const u8>, 1 + Packet::MOST_SLICES> pieces;
    usize count = 0;
    packet.for_each_piece(0, packet.size(), [&](std::span<const u8> piece) { pieces[count++] = piece; });
    const u32 size = packet.size();
    const Result<> result = device_.send(std::span(pieces).first(count), offload);
    // The device counts what it does not take.
    if (result) sent.count(size);
    return result;
}

void EthernetInterface::frame_arrived(std::span<const u8> frame, const drivers::FrameOffload& offload) {
    received.count(frame.size());
    if (frame.size() < sizeof(EthernetHeader)) {
        received.errors.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    EthernetHeader header;
    std::memcpy(&header, frame.data(), sizeof(header));
    const bool is_group = (header.destination[0] & 1) != 0;
    if (!is_group && header.destination != device_.address()) return;
    const std::span<const u8> payload = frame.subspan(sizeof(header));
    const Activity activity;
    if (header.type == TYPE_ARP) {
        receive_arp(*this, payload);
        return;
    }
    if (header.type != TYPE_IPV4) return;
    Result<PacketPtr> packet = Packet::copy_of(payload);
    if (!packet) {
        received.dropped.fetch_add(1, std::memory_order_relaxed);
        return;
    }
    (*packet)->interface = this;
    (*packet)->is_broadcast = is_group;
    if (offload.needs_checksum || offload.is_checked) (*packet)->checksum = ChecksumState::Correct;
    // acquire: pairs with set_tap
    if (const Tap tap = tap_.load(std::memory_order_acquire); tap != nullptr && tap(**packet)) return;
    deliver(std::move(*packet));
}

Result<EthernetInterface*> start_ethernet() {
    drivers::NetworkDevice* const device = drivers::network_device();
    if (device == nullptr) return nullptr;
    EthernetInterface* const interface = new (std::nothrow) EthernetInterface("eth0", *device);
    if (interface == nullptr) return Error::Enomem;
    add_interface(*interface);
    TRY(device->start(*interface));
    return interface;
}

}  // namespace exo::net
