#include "drivers/virtio/network_header.hpp"

#include "drivers/virtio/device.hpp"

namespace exo::drivers {

namespace {

bool is_inside(u16 checksum_start, u16 checksum_offset, usize size) {
    return usize{checksum_start} + checksum_offset + sizeof(u16) <= size;
}

/// The size of the Ethernet, IPv4 and TCP headers of a frame. Errors: Eproto (it is no TCP over IPv4).
Result<u16> tcp_header_size(std::span<const u8> frame) {
    constexpr usize MIN_IPV4 = 20;
    constexpr usize MIN_TCP = 20;
    constexpr u8 TCP = 6;
    if (frame.size() < ETHERNET_HEADER_SIZE + MIN_IPV4 + MIN_TCP) return Error::Eproto;
    if (frame[12] != 0x08 || frame[13] != 0x00) return Error::Eproto;
    const std::span<const u8> packet = frame.subspan(ETHERNET_HEADER_SIZE);
    const usize ip_size = usize{packet[0]} % 16 * 4;
    if (packet[0] / 16 != 4 || ip_size < MIN_IPV4 || packet[9] != TCP) return Error::Eproto;
    if (packet.size() < ip_size + MIN_TCP) return Error::Eproto;
    const usize tcp_size = usize{packet[ip_size + 12]} / 16 * 4;
    if (tcp_size < MIN_TCP || packet.size() < ip_size + tcp_size) return Error::Eproto;
    return static_cast<u16>(ETHERNET_HEADER_SIZE + ip_size + tcp_size);
}

}  // namespace

u64 choose_network_features(u64 offered) {
    u64 wanted = NETWORK_FEATURE_CHECKSUM | NETWORK_FEATURE_GUEST_CHECKSUM | NETWORK_FEATURE_MTU |
                 NETWORK_FEATURE_ADDRESS | NETWORK_FEATURE_GUEST_TSO4 | NETWORK_FEATURE_HOST_TSO4 |
                 NETWORK_FEATURE_MERGED_BUFFERS | NETWORK_FEATURE_STATUS | VIRTIO_FEATURE_EVENT_INDEX;
    const auto lacks = [&](u64 feature) { return (offered & feature) == 0; };
    // Without merged buffers each receive buffer would have to take a whole joined segment.
    if (lacks(NETWORK_FEATURE_GUEST_CHECKSUM) || lacks(NETWORK_FEATURE_MERGED_BUFFERS))
        wanted &= ~NETWORK_FEATURE_GUEST_TSO4;
    if (lacks(NETWORK_FEATURE_CHECKSUM)) wanted &= ~NETWORK_FEATURE_HOST_TSO4;
    return offered & wanted;
}

Result<FrameOffload> read_network_header(const NetworkHeader& header, std::span<const u8> frame,
                                         u64 features) {
    const auto has = [&](u64 feature) { return (features & feature) != 0; };
    FrameOffload offload;
    if ((header.flags & NETWORK_HEADER_NEEDS_CHECKSUM) != 0) {
        if (!has(NETWORK_FEATURE_GUEST_CHECKSUM)) return Error::Eproto;
        if (!is_inside(header.checksum_start, header.checksum_offset, frame.size())) return Error::Eproto;
        offload.needs_checksum = true;
        offload.checksum_start = header.checksum_start;
        offload.checksum_offset = header.checksum_offset;
    }
    // A device that was not asked to verify checksums may not say that it has.
    offload.is_checked =
        has(NETWORK_FEATURE_GUEST_CHECKSUM) && (header.flags & NETWORK_HEADER_IS_CHECKED) != 0;
    if (header.segmentation == NetworkSegmentation::None) return offload;
    if (header.segmentation != NetworkSegmentation::TcpIpv4 || !has(NETWORK_FEATURE_GUEST_TSO4))
        return Error::Eproto;
    if (!offload.needs_checksum || header.segment_size == 0) return Error::Eproto;
    // The device's own header_size is a hint that need not be right.
    offload.header_size = TRY(tcp_header_size(frame));
    offload.segment_size = header.segment_size;
    return offload;
}

Result<NetworkHeader> make_network_header(const FrameOffload& offload, usize size, u64 features) {
    const auto has = [&](u64 feature) { return (features & feature) != 0; };
    NetworkHeader header;
    if (offload.needs_checksum) {
        if (!has(NETWORK_FEATURE_CHECKSUM)) return Error::Eopnotsupp;
        if (!is_inside(offload.checksum_start, offload.checksum_offset, size)) return Error::Einval;
        header.flags = NETWORK_HEADER_NEEDS_CHECKSUM;
        header.checksum_start = offload.checksum_start;
        header.checksum_offset = offload.checksum_offset;
    }
    if (offload.segment_size != 0) {
        if (!has(NETWORK_FEATURE_HOST_TSO4)) return Error::Eopnotsupp;
        if (!offload.needs_checksum || offload.header_size > size) return Error::Einval;
        header.segmentation = NetworkSegmentation::TcpIpv4;
        header.segment_size = offload.segment_size;
        header.header_size = offload.header_size;
    }
    return header;
}

}  // namespace exo::drivers
