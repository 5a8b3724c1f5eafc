// RegisterBlock: the registers of a device in memory, as an interface, so that a test can simulate the device.
#pragma once

#include "memory/mmio.hpp"
#include "utils/box.hpp"
#include "utils/function_ref.hpp"

namespace exo::drivers {

/// Each access has the size of its register. Offsets are inside the block and aligned.
class RegisterBlock {
  public:
    virtual ~RegisterBlock() = default;
    virtual u8 read8(u32 offset) = 0;
    virtual u16 read16(u32 offset) = 0;
    virtual u32 read32(u32 offset) = 0;
    virtual void write8(u32 offset, u8 value) = 0;
    virtual void write16(u32 offset, u16 value) = 0;
    virtual void write32(u32 offset, u32 value) = 0;
};

class MmioRegisters final : public RegisterBlock {
  public:
    explicit MmioRegisters(memory::MmioRegion region) : region_(region) {}
    u8 read8(u32 offset) override { return region_.at<u8>(offset).read(); }
    u16 read16(u32 offset) override { return region_.at<u16>(offset).read(); }
    u32 read32(u32 offset) override { return region_.at<u32>(offset).read(); }
    void write8(u32 offset, u8 value) override { region_.at<u8>(offset).write(value); }
    void write16(u32 offset, u16 value) override { region_.at<u16>(offset).write(value); }
    void write32(u32 offset, u32 value) override { region_.at<u32>(offset).write(value); }

  private:
    memory::MmioRegion region_;
};

/// Makes registers at a physical address usable. Errors: those of MmioRegion::map, Enomem.
using RegisterMapper = FunctionRef<Result<Box<RegisterBlock>>(memory::PhysicalAddress address, u64 size)>;

/// The mapper of the real machine.
inline Result<Box<RegisterBlock>> map_registers(memory::PhysicalAddress address, u64 size) {
    const memory::MmioRegion region = TRY(memory::MmioRegion::map(address, size));
    Box<RegisterBlock> registers = TRY(make_box<MmioRegisters>(region));
    return registers;
}

}  // namespace exo::drivers
