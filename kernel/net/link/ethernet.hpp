// EthernetInterface: an interface over a network device (RFC 894).
#pragma once

#include "drivers/net/network_device.hpp"
#include "net/link/interface.hpp"

namespace exo::net {

struct EthernetHeader {
    std::array<u8, 6> destination;
    std::array<u8, 6> source;
    Be16 type;
};
static_assert(sizeof(EthernetHeader) == 14 && alignof(EthernetHeader) == 1);

inline constexpr u16 TYPE_IPV4 = 0x0800;
inline constexpr u16 TYPE_ARP = 0x0806;

class EthernetInterface final : public Interface, public drivers::FrameReceiver {
  public:
    EthernetInterface(std::string_view name, drivers::NetworkDevice& device);

    HardwareAddress hardware_address() const override { return device_.address(); }
    HardwareAddress hardware_broadcast() const override { return HARDWARE_BROADCAST; }
    u32 most_segmented() const override;
    LinkLosses link_losses() const override;
    bool completes_checksums() const override { return device_.can_checksum(); }
    Result<> transmit(PacketPtr packet) override;
    /// Sends a packet to a hardware address. Errors: Enobufs, Enetdown.
    Result<> transmit_to(Packet& packet, const HardwareAddress& to, u16 type);

    void frame_arrived(std::span<const u8> frame, const drivers::FrameOffload& offload) override;
    void link_changed(bool is_up) override;

    /// A look at each IPv4 packet that arrives, before the network layer gets it: for the DHCP client, whose answers may come to an
    /// address that is not set yet. Returns whether the packet was for it. Null: none.
    using Tap = bool (*)(Packet& packet);
    void set_tap(Tap tap) { tap_.store(tap, std::memory_order_release); }

  protected:
    u32 most_mtu() const override { return device_.largest_mtu(); }

  private:
    drivers::NetworkDevice& device_;
    std::atomic<Tap> tap_{nullptr};
};

/// Makes the interface "eth0" over the machine's network device and starts it; null: there is no device. Errors: Enomem.
Result<EthernetInterface*> start_ethernet();

}  // namespace exo::net
