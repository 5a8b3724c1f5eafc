// Virtio over MMIO, version 2 (virtio 1.2, section 4.2).
#pragma once

#include "drivers/virtio/transport.hpp"
#include "memory/mmio.hpp"
#include "utils/box.hpp"
#include "utils/result.hpp"

namespace exo::drivers {

/// A block of device registers. Tests implement it with simulated devices.
class RegisterBlock {
  public:
    virtual ~RegisterBlock() = default;
    virtual u8 read8(u32 offset) = 0;
    virtual u32 read32(u32 offset) = 0;
    virtual void write32(u32 offset, u32 value) = 0;
};

class MmioRegisters final : public RegisterBlock {
  public:
    explicit MmioRegisters(memory::MmioRegion region) : region_(region) {}
    u8 read8(u32 offset) override { return region_.at<u8>(offset).read(); }
    u32 read32(u32 offset) override { return region_.at<u32>(offset).read(); }
    void write32(u32 offset, u32 value) override { region_.at<u32>(offset).write(value); }

  private:
    memory::MmioRegion region_;
};

class MmioTransport final : public Transport {
  public:
    /// The registers' size without the device's configuration space.
    static constexpr u32 REGISTERS_SIZE = 0x100;

    /// Opens the device in a slot. Errors: Enodev (none), Eopnotsupp (the legacy version 1), Enomem.
    static Result<Box<MmioTransport>> open(Box<RegisterBlock> registers, u64 size);

    VirtioType type() const override { return type_; }
    u64 offered_features() override;
    void accept_features(u64 features) override;
    VirtioStatus status() override;
    void set_status(VirtioStatus status) override;
    u16 queue_limit(u16 index) override;
    void enable_queue(u16 index, u16 size, const QueueAddresses& addresses) override;
    void notify(u16 index) override;
    VirtioInterrupt take_interrupt() override;
    u8 configuration(u32 offset) override;
    u32 configuration_generation() override;

    MmioTransport(Box<RegisterBlock> registers, u64 size, VirtioType type)
        : registers_(std::move(registers)),
          size_(size),
          type_(type) {}

  private:
    Box<RegisterBlock> registers_;
    u64 size_;
    VirtioType type_;
};

}  // namespace exo::drivers
