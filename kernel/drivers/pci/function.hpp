// Function: one function of a PCI device: its identity, its memory and its capabilities.
#pragma once

#include <optional>

#include "drivers/pci/configuration.hpp"

namespace exo::drivers::pci {

/// Capabilities (PCI Local Bus 3.0, appendix H).
enum class CapabilityId : u8 { Vendor = 0x09, Msix = 0x11 };

/// A range of physical memory that a function decodes.
struct Memory {
    memory::PhysicalAddress address;
    u64 size = 0;
};

class Function {
  public:
    static constexpr u32 BAR_COUNT = 6;
    static constexpr u16 SPACE_SIZE = 256;

    Function(Configuration& configuration, FunctionAddress address)
        : configuration_(&configuration),
          address_(address) {}

    FunctionAddress address() const { return address_; }
    u16 vendor() const { return static_cast<u16>(read(register_offset::IDENTITY) & UINT16_MAX); }
    u16 device() const { return static_cast<u16>(read(register_offset::IDENTITY) >> 16); }
    u16 subsystem() const { return static_cast<u16>(read(register_offset::SUBSYSTEM) >> 16); }

    /// A word of 32 bits. What a capability at the end of the space would have behind it is NOTHING.
    u32 read(u16 offset) const {
        return offset < SPACE_SIZE ? configuration_->read(address_, offset) : NOTHING;
    }
    void write(u16 offset, u32 value) const {
        if (offset < SPACE_SIZE) configuration_->write(address_, offset, value);
    }

    /// Calls `visit` with the offset of each capability until it returns false.
    void for_each_capability(FunctionRef<bool(CapabilityId id, u16 offset)> visit) const;
    /// The offset of the first capability of a kind.
    std::optional<u16> find_capability(CapabilityId id) const;

    /// The memory behind a base address register, which does not answer while its size is asked for: call it before the
    /// function works.
    /// Errors: Enodev (there is none, it is I/O ports, or the firmware gave it no address), Einval (no such register).
    Result<Memory> memory(u32 bar) const;
    /// Lets the function answer to accesses of its memory, access ours, and interrupt by messages only.
    void enable() const;

  private:
    Configuration* configuration_;
    FunctionAddress address_;
};

}  // namespace exo::drivers::pci
