// Virtio over PCI (virtio 1.2, section 4.1), with interrupts by messages.
#pragma once

#include <array>
#include <atomic>

#include "drivers/pci/msix.hpp"
#include "drivers/virtio/transport.hpp"

namespace exo::drivers {

class PciTransport final : public Transport {
  public:
    /// The driver's limit of queues: those of a console with 32 ports.
    static constexpr u16 MOST_QUEUES = 66;

    /// Opens a function. Errors: Enodev (no virtio device), Eopnotsupp (a legacy one, or one without MSI-X), Eio (what it
    /// says of itself makes no sense), those of mapping.
    static Result<Box<PciTransport>> open(const pci::Function& function, RegisterMapper map);

    VirtioType type() const override { return type_; }
    u64 offered_features() override;
    void accept_features(u64 features) override;
    VirtioStatus status() override;
    void set_status(VirtioStatus status) override;
    u16 queue_limit(u16 index) override;
    void enable_queue(u16 index, u16 size, const QueueAddresses& addresses) override;
    void notify(u16 index) override;
    Result<> connect_interrupt(InterruptHandler& handler) override;
    VirtioInterrupt take_interrupt() override;
    u8 configuration(u32 offset) override;
    u32 configuration_generation() override;

    struct Region {
        Box<RegisterBlock> registers;
        u32 size = 0;
    };
    struct Regions {
        Region common;
        Region notify;
        Region device;  ///< Empty if the device has no configuration.
        u32 notify_multiplier = 0;
    };
    PciTransport(VirtioType type, Regions regions, pci::Msix msix)
        : type_(type),
          regions_(std::move(regions)),
          msix_(std::move(msix)),
          for_configuration_(*this, VirtioInterrupt::ConfigurationChange),
          for_queues_(*this, VirtioInterrupt::UsedBuffer) {}

  private:
    /// One message: it says why the device interrupts, which a register says on other buses.
    class Source final : public InterruptHandler {
      public:
        Source(PciTransport& transport, VirtioInterrupt reason) : transport_(transport), reason_(reason) {}
        void on_interrupt() override;

      private:
        PciTransport& transport_;
        VirtioInterrupt reason_;
    };

    VirtioType type_;
    Regions regions_;
    pci::Msix msix_;
    Source for_configuration_;
    Source for_queues_;
    InterruptHandler* handler_ = nullptr;
    bool has_refused_message_ = false;
    std::atomic<u32> reasons_{0};
    /// Where each queue is notified, in regions_.notify.
    std::array<u32, MOST_QUEUES> notify_offsets_{};
};

}  // namespace exo::drivers
