// Virtio over MMIO, version 2 (virtio 1.2, section 4.2).
#pragma once

#include "drivers/registers.hpp"
#include "drivers/virtio/transport.hpp"
#include "utils/box.hpp"
#include "utils/result.hpp"

namespace exo::drivers {

class MmioTransport final : public Transport {
  public:
    /// The registers' size without the device's configuration space.
    static constexpr u32 REGISTERS_SIZE = 0x100;

    /// Opens the device in a slot, with its interrupt line. Errors: Enodev (none), Eopnotsupp (the legacy version 1), Enomem.
    static Result<Box<MmioTransport>> open(Box<RegisterBlock> registers, u64 size, u32 line);

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

    MmioTransport(Box<RegisterBlock> registers, u64 size, u32 line, VirtioType type)
        : registers_(std::move(registers)),
          size_(size),
          line_(line),
          type_(type) {}

  private:
    Box<RegisterBlock> registers_;
    u64 size_;
    u32 line_;
    VirtioType type_;
};

}  // namespace exo::drivers
