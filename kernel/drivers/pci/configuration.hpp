// PCI: the configuration space of each function, and the search for functions (PCI Local Bus 3.0, PCI Express 5.0).
//
// Key types: Configuration (PortConfiguration, MappedConfiguration), Function (function.hpp), Msix (msix.hpp).
// Neighbours: boot reads the table that says where the space is mapped; drivers/virtio makes devices of functions.
// The firmware has given the functions their addresses; the kernel takes them as they are.
// Locking: none. Everything here is used at boot, by one CPU.
#pragma once

#include "drivers/ports.hpp"
#include "drivers/registers.hpp"

namespace exo::drivers::pci {

struct FunctionAddress {
    u8 bus = 0;
    u8 device = 0;    ///< 0 to 31.
    u8 function = 0;  ///< 0 to 7.
};

inline constexpr u32 BUSES = 256;
inline constexpr u32 DEVICES = 32;
inline constexpr u32 FUNCTIONS = 8;

/// What a read finds where there is nothing.
inline constexpr u32 NOTHING = 0xffff'ffff;

/// Offsets of words of 32 bits.
namespace register_offset {
inline constexpr u16 IDENTITY = 0x00;  ///< Vendor, device.
inline constexpr u16 COMMAND = 0x04;   ///< Command, status.
inline constexpr u16 CLASS = 0x08;
inline constexpr u16 HEADER = 0x0c;  ///< Bits 16 to 23: the kind of header.
inline constexpr u16 BARS = 0x10;
inline constexpr u16 BRIDGE_BUSES = 0x18;
inline constexpr u16 SUBSYSTEM = 0x2c;
inline constexpr u16 CAPABILITIES = 0x34;
}  // namespace register_offset

/// Access to the configuration spaces of all functions. Offsets are multiples of four below 256.
class Configuration {
  public:
    virtual ~Configuration() = default;
    virtual u32 read(FunctionAddress address, u16 offset) = 0;
    virtual void write(FunctionAddress address, u16 offset, u32 value) = 0;
};

/// Over the ports 0xcf8 and 0xcfc (PCI Local Bus 3.0, section 3.2.2.3.2).
class PortConfiguration final : public Configuration {
  public:
    explicit PortConfiguration(Ports& ports) : ports_(ports) {}
    /// Whether there are such ports.
    bool probe();
    u32 read(FunctionAddress address, u16 offset) override;
    void write(FunctionAddress address, u16 offset, u32 value) override;

  private:
    Ports& ports_;
};

/// Mapped into memory, 4 KiB for each function (PCI Express 5.0, section 7.2.2: ECAM).
class MappedConfiguration final : public Configuration {
  public:
    /// `base` is where bus 0 would be. Buses are mapped when they are first used.
    MappedConfiguration(memory::PhysicalAddress base, u8 first_bus, u8 last_bus, RegisterMapper map)
        : base_(base),
          first_bus_(first_bus),
          last_bus_(last_bus),
          map_(map) {}
    u32 read(FunctionAddress address, u16 offset) override;
    void write(FunctionAddress address, u16 offset, u32 value) override;

  private:
    RegisterBlock* bus(u8 number);

    memory::PhysicalAddress base_;
    u8 first_bus_;
    u8 last_bus_;
    RegisterMapper map_;
    Box<RegisterBlock> buses_[BUSES];
};

/// Calls `visit` for each function of bus 0 and of all buses behind its bridges.
void for_each_function(Configuration& configuration, FunctionRef<void(FunctionAddress)> visit);

}  // namespace exo::drivers::pci
