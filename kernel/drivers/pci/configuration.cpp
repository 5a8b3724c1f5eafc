#include "drivers/pci/configuration.hpp"

#include <algorithm>
#include <array>

#include "log/log.hpp"

namespace exo::drivers::pci {

namespace {

constexpr u16 ADDRESS_PORT = 0xcf8;
constexpr u16 DATA_PORT = 0xcfc;
constexpr u32 ADDRESS_ENABLE = 1U << 31;

constexpr u64 BUS_SIZE = 1ULL << 20;

u32 port_word(FunctionAddress address, u16 offset) {
    return ADDRESS_ENABLE | u32{address.bus} << 16 | u32{address.device} << 11 | u32{address.function} << 8 |
           offset;
}

u32 offset_in_bus(FunctionAddress address, u16 offset) {
    return u32{address.device} << 15 | u32{address.function} << 12 | offset;
}

enum class BusState : u8 { Unknown, Found, Searched };

struct Search {
    Configuration& configuration;
    FunctionRef<void(FunctionAddress)> visit;
    std::array<BusState, BUSES> buses{};
};

/// Returns whether there is a function.
bool look_at(Search& search, FunctionAddress address) {
    if ((search.configuration.read(address, register_offset::IDENTITY) & UINT16_MAX) == UINT16_MAX)
        return false;
    search.visit(address);
    constexpr u32 BRIDGE = 1;
    const u32 kind = search.configuration.read(address, register_offset::HEADER) >> 16 & 0x7f;
    if (kind != BRIDGE) return true;
    const u32 behind = search.configuration.read(address, register_offset::BRIDGE_BUSES) >> 8 & UINT8_MAX;
    // A bridge that the firmware did not set up leads to bus 0.
    if (search.buses[behind] == BusState::Unknown) search.buses[behind] = BusState::Found;
    return true;
}

void look_at_bus(Search& search, u8 bus) {
    constexpr u32 SEVERAL_FUNCTIONS = 1U << 23;
    for (u8 device = 0; device < DEVICES; ++device) {
        const FunctionAddress first{bus, device, 0};
        if (!look_at(search, first)) continue;
        if ((search.configuration.read(first, register_offset::HEADER) & SEVERAL_FUNCTIONS) == 0) continue;
        for (u8 function = 1; function < FUNCTIONS; ++function) look_at(search, {bus, device, function});
    }
}

}  // namespace

bool PortConfiguration::probe() {
    ports_.write32(ADDRESS_PORT, ADDRESS_ENABLE);
    return ports_.read32(ADDRESS_PORT) == ADDRESS_ENABLE;
}

u32 PortConfiguration::read(FunctionAddress address, u16 offset) {
    ports_.write32(ADDRESS_PORT, port_word(address, offset));
    return ports_.read32(DATA_PORT);
}

void PortConfiguration::write(FunctionAddress address, u16 offset, u32 value) {
    ports_.write32(ADDRESS_PORT, port_word(address, offset));
    ports_.write32(DATA_PORT, value);
}

/// Null if the bus is outside the space, or cannot be mapped.
RegisterBlock* MappedConfiguration::bus(u8 number) {
    if (number < first_bus_ || number > last_bus_) return nullptr;
    Box<RegisterBlock>& registers = buses_[number];
    if (registers) return registers.get();
    auto mapped = map_(base_ + number * BUS_SIZE, BUS_SIZE);
    if (mapped)
        registers = std::move(*mapped);
    else
        log::warning("pci: bus {} cannot be reached (error {})", number, mapped.error());
    return registers.get();
}

u32 MappedConfiguration::read(FunctionAddress address, u16 offset) {
    RegisterBlock* registers = bus(address.bus);
    return registers != nullptr ? registers->read32(offset_in_bus(address, offset)) : NOTHING;
}

void MappedConfiguration::write(FunctionAddress address, u16 offset, u32 value) {
    if (RegisterBlock* registers = bus(address.bus))
        registers->write32(offset_in_bus(address, offset), value);
}

void for_each_function(Configuration& configuration, FunctionRef<void(FunctionAddress)> visit) {
    Search search{configuration, visit, {}};
    search.buses[0] = BusState::Found;
    for (;;) {
        // A bridge may lead to a bus with a smaller number.
        const auto next = std::ranges::find(search.buses, BusState::Found);
        if (next == search.buses.end()) return;
        *next = BusState::Searched;
        look_at_bus(search, static_cast<u8>(next - search.buses.begin()));
    }
}

}  // namespace exo::drivers::pci
