// ACPI's High Precision Event Timer table ("HPET").
#pragma once

#include <span>

#include "boot/firmware/acpi.hpp"
#include "utils/result.hpp"

namespace exo::boot {

struct Hpet {
    u64 address = 0;
    bool has_64_bit_counter = false;
    u8 comparators = 1;
    u16 minimum_tick = 0;
};

/// Parses a checked table as AcpiTables::find returns it. Errors: Einval (too short, or the device is not in
/// memory).
/// Source: IA-PC HPET specification 1.0a, section 3.2.4.
inline Result<Hpet> read_hpet(std::span<const u8> table) {
    const auto block_id = load<u32>(table, 36);
    const auto address = AcpiAddress::load_from(table, 40);
    const auto minimum_tick = load<u16>(table, 53);
    if (!block_id || !address || !minimum_tick) return Error::Einval;
    if (address->space != AcpiAddress::Space::Memory || !address->is_present()) return Error::Einval;
    Hpet hpet;
    hpet.address = address->address;
    hpet.has_64_bit_counter = (*block_id & (1U << 13)) != 0;
    hpet.comparators = static_cast<u8>(((*block_id >> 8) & 0x1f) + 1);
    hpet.minimum_tick = *minimum_tick;
    return hpet;
}

}  // namespace exo::boot
