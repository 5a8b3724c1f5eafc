#include "drivers/pci/msix.hpp"

namespace exo::drivers::pci {

namespace {
constexpr u32 COUNT_BITS = 0x7ff;
constexpr u32 CONTROL_SHIFT = 16;
constexpr u32 MASK_ALL = 1U << 30;
constexpr u32 ENABLE = 1U << 31;
constexpr u32 BAR_BITS = 7;

// An entry of the table.
constexpr u32 ENTRY_SIZE = 16;
constexpr u32 ADDRESS_LOW = 0;
constexpr u32 ADDRESS_HIGH = 4;
constexpr u32 DATA = 8;
constexpr u32 CONTROL = 12;
constexpr u32 MASKED = 1;
}  // namespace

Result<Msix> Msix::open(const Function& function, RegisterMapper map) {
    const auto offset = function.find_capability(CapabilityId::Msix);
    if (!offset) return Error::Enodev;
    const u16 count = static_cast<u16>((function.read(*offset) >> CONTROL_SHIFT & COUNT_BITS) + 1);
    const u32 place = function.read(static_cast<u16>(*offset + 4));
    const Memory memory = TRY(function.memory(place & BAR_BITS));
    const u64 start = place & ~BAR_BITS;
    const u64 size = u64{count} * ENTRY_SIZE;
    if (start > memory.size || size > memory.size - start) return Error::Eio;
    Msix msix(function, *offset, count, TRY(map(memory.address + start, size)));
    return msix;
}

void Msix::set(u16 index, const arch::InterruptMessage& message) {
    ASSERT(index < count_);
    const u32 entry = index * ENTRY_SIZE;
    table_->write32(entry + CONTROL, MASKED);
    table_->write32(entry + ADDRESS_LOW, static_cast<u32>(message.address & UINT32_MAX));
    table_->write32(entry + ADDRESS_HIGH, static_cast<u32>(message.address >> 32));
    table_->write32(entry + DATA, message.data);
    table_->write32(entry + CONTROL, 0);
}

void Msix::enable() {
    const u32 control = function_.read(offset_);
    function_.write(offset_, (control & ~MASK_ALL) | ENABLE);
}

}  // namespace exo::drivers::pci
