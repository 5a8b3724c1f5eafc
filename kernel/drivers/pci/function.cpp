#include "drivers/pci/function.hpp"

namespace exo::drivers::pci {

namespace {

constexpr u32 COMMAND_MEMORY = 1U << 1;
constexpr u32 COMMAND_MASTER = 1U << 2;
constexpr u32 COMMAND_NO_LINE = 1U << 10;
constexpr u32 COMMAND_BITS = UINT16_MAX;  // ones in the other half, the status, would clear bits there
constexpr u32 STATUS_CAPABILITIES = 1U << 20;

constexpr u32 BAR_IS_IO = 1;
constexpr u32 BAR_KIND = 6;
constexpr u32 BAR_64_BIT = 4;
constexpr u32 BAR_FLAGS = 0xf;

/// The space behind the header has room for so many.
constexpr u32 MOST_CAPABILITIES = 48;
constexpr u16 FIRST_CAPABILITY = 0x40;

}  // namespace

void Function::for_each_capability(FunctionRef<bool(CapabilityId id, u16 offset)> visit) const {
    if ((read(register_offset::COMMAND) & STATUS_CAPABILITIES) == 0) return;
    u16 offset = static_cast<u16>(read(register_offset::CAPABILITIES) & 0xfc);
    for (u32 i = 0; i < MOST_CAPABILITIES && offset >= FIRST_CAPABILITY; ++i) {
        const u32 word = read(offset);
        if (!visit(static_cast<CapabilityId>(word & UINT8_MAX), offset)) return;
        offset = static_cast<u16>(word >> 8 & 0xfc);
    }
}

std::optional<u16> Function::find_capability(CapabilityId wanted) const {
    std::optional<u16> found;
    for_each_capability([&](CapabilityId id, u16 offset) {
        if (id == wanted) found = offset;
        return id != wanted;
    });
    return found;
}

Result<Memory> Function::memory(u32 bar) const {
    if (bar >= BAR_COUNT) return Error::Einval;
    const u16 low_offset = static_cast<u16>(register_offset::BARS + 4 * bar);
    const u32 low = read(low_offset);
    if ((low & BAR_IS_IO) != 0) return Error::Enodev;
    const bool is_64_bit = (low & BAR_KIND) == BAR_64_BIT;
    if (is_64_bit && bar + 1 == BAR_COUNT) return Error::Einval;
    const u16 high_offset = static_cast<u16>(low_offset + 4);
    const u32 high = is_64_bit ? read(high_offset) : 0;
    const u64 address = (u64{high} << 32 | low) & ~u64{BAR_FLAGS};
    if (address == 0) return Error::Enodev;

    // The bits that stay zero tell the size (PCI Local Bus 3.0, section 6.2.5.1).
    const u32 command = read(register_offset::COMMAND) & COMMAND_BITS;
    write(register_offset::COMMAND, command & ~COMMAND_MEMORY);
    write(low_offset, UINT32_MAX);
    const u32 low_mask = read(low_offset);
    write(low_offset, low);
    u32 high_mask = UINT32_MAX;
    if (is_64_bit) {
        write(high_offset, UINT32_MAX);
        high_mask = read(high_offset);
        write(high_offset, high);
    }
    write(register_offset::COMMAND, command);
    const u64 size = ~((u64{high_mask} << 32 | low_mask) & ~u64{BAR_FLAGS}) + 1;
    if (size == 0) return Error::Enodev;
    return Memory{memory::PhysicalAddress(address), size};
}

void Function::enable() const {
    const u32 command = read(register_offset::COMMAND) & COMMAND_BITS;
    write(register_offset::COMMAND, command | COMMAND_MEMORY | COMMAND_MASTER | COMMAND_NO_LINE);
}

}  // namespace exo::drivers::pci
