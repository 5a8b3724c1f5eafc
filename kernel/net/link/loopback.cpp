// The loopback interface: what is sent arrives. LINUX: drivers/net/loopback.c.
#include "net/link/activity.hpp"
#include "net/link/interface.hpp"

namespace exo::net {

namespace {

using abi::InterfaceFlags;

class Loopback final : public Interface {
  public:
    Loopback()
        : Interface("lo", abi::HardwareType::Loopback, 65536,
                    InterfaceFlags::Up | InterfaceFlags::Loopback | InterfaceFlags::Running |
                        InterfaceFlags::LowerUp) {}

    u32 most_segmented() const override { return Packet::MOST_BYTES; }
    bool completes_checksums() const override { return true; }
    Result<> transmit(PacketPtr packet) override {
        sent.count(packet->size());
        received.count(packet->size());
        // The bytes never leave the memory, so their checksum holds.
        if (packet->checksum == ChecksumState::Partial) packet->checksum = ChecksumState::Correct;
        packet->interface = this;
        // The receiver learns the sender's segment size from packet->segment_size, as from a device that joins segments.
        packet->arrival = 0;
        Activity::put_off(std::move(packet));
        return {};
    }

  protected:
    u32 least_mtu() const override { return 0; }
    u32 most_mtu() const override { return 0x7fffffff; }
};

[[clang::no_destroy]] constinit Loopback* the_loopback = nullptr;
alignas(Loopback) constinit u8 loopback_memory[sizeof(Loopback)] = {};

}  // namespace

void start_loopback() {
    the_loopback = new (loopback_memory) Loopback;
    add_interface(*the_loopback);
}

Interface& loopback() { return *the_loopback; }

}  // namespace exo::net
