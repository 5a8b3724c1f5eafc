// NetworkDevice: a device that carries Ethernet frames, as the network stack sees it. FrameReceiver: the stack,
// as the device sees it.
#pragma once

#include <array>
#include <span>

#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo::drivers {

using EthernetAddress = std::array<u8, 6>;

/// What the device or the stack says of a frame besides its bytes. The driver has checked what a device says: the
/// offsets lie inside the frame. Source: virtio 1.2, section 5.1.6.
struct FrameOffload {
    /// The transport checksum field holds the sum of the pseudo-header only. The device that sends the frame out
    /// completes the checksum, over the bytes from checksum_start on.
    bool needs_checksum = false;
    bool is_checked = false;  ///< The device has verified the transport checksum.
    u16 checksum_start = 0;   ///< An offset in the frame.
    u16 checksum_offset = 0;  ///< The offset of the checksum field, from checksum_start.
    /// Not 0: a TCP segment over IPv4 that is to be cut into pieces of so many bytes, or was joined from them.
    u16 segment_size = 0;
    u16 header_size = 0;  ///< The size of all headers. Valid only with segment_size.
};

/// Gets the frames of a device. The device's poll thread calls it without locks.
class FrameReceiver {
  public:
    /// A frame has arrived. Its bytes belong to the driver and are gone after the call.
    virtual void frame_arrived(std::span<const u8> frame, const FrameOffload& offload) = 0;
    /// A poll ends: no frame follows at once, so what was gathered should be passed on.
    virtual void poll_ended() {}
    virtual void link_changed(bool /*is_up*/) {}
    /// A send has failed with Enobufs, and now there is room again.
    virtual void room_again() {}

  protected:
    ~FrameReceiver() = default;
};

/// Counted since boot, as Linux's rtnl_link_stats64 counts.
struct NetworkCounters {
    u64 packets = 0;
    u64 bytes = 0;
    u64 errors = 0;   ///< Frames that broke a rule.
    u64 dropped = 0;  ///< Frames for which there was no room.
};

class NetworkDevice {
  public:
    virtual EthernetAddress address() const = 0;
    /// The largest payload of a frame, without its Ethernet header.
    virtual u32 mtu() const = 0;
    /// The largest MTU that may be set instead, as a DHCP server may say.
    virtual u32 largest_mtu() const = 0;
    virtual bool is_link_up() const = 0;
    /// Whether frames with needs_checksum may be sent.
    virtual bool can_checksum() const = 0;
    /// The largest frame with a segment_size that may be sent; 0: none.
    virtual u32 most_segmented() const = 0;
    /// Sends one frame, which consists of `pieces`. Their bytes are copied before it returns. Any thread may call it,
    /// also while it holds spin locks of a rank below Device.
    /// Errors: Enobufs (no room), Enetdown (no link, or the device has failed), Emsgsize, Einval (the offload's
    /// offsets lie outside the frame), Eopnotsupp (an offload that the device lacks).
    virtual Result<> send(std::span<const std::span<const u8>> pieces, const FrameOffload& offload) = 0;
    /// Sets the receiver, which must live for ever, and starts the poll thread. Callable once. Errors: Enomem.
    virtual Result<> start(FrameReceiver& receiver) = 0;
    virtual NetworkCounters received() const = 0;
    virtual NetworkCounters sent() const = 0;

  protected:
    ~NetworkDevice() = default;
};

/// The first network device, or null.
NetworkDevice* network_device();
/// Makes a device known, which must live for ever. Errors: Eexist (there is one).
Result<> add_network_device(NetworkDevice& device);

}  // namespace exo::drivers
