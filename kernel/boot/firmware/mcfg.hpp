// ACPI's table of PCI configuration spaces that are mapped into memory ("MCFG").
#pragma once

#include <span>

#include "utils/bytes.hpp"
#include "utils/result.hpp"

namespace exo::boot {

struct Mcfg {
    u64 address = 0;  ///< Of bus 0, also where the first bus is another.
    u8 first_bus = 0;
    u8 last_bus = 0;
};

/// The space of segment 0, out of a checked table as AcpiTables::find returns it.
/// Errors: Einval (too short), Enoent (there is no such segment).
/// Source: PCI Firmware Specification 3.3, section 4.1.2.
inline Result<Mcfg> read_mcfg(std::span<const u8> table) {
    constexpr usize FIRST_ENTRY = 44;
    constexpr usize ENTRY_SIZE = 16;
    if (table.size() < FIRST_ENTRY) return Error::Einval;
    for (usize at = FIRST_ENTRY; at + ENTRY_SIZE <= table.size(); at += ENTRY_SIZE) {
        const Mcfg mcfg{*load<u64>(table, at), *load<u8>(table, at + 10), *load<u8>(table, at + 11)};
        const u16 segment = *load<u16>(table, at + 8);
        const bool is_aligned = mcfg.address != 0 && mcfg.address % (1ULL << 20) == 0;
        if (segment == 0 && is_aligned && mcfg.first_bus <= mcfg.last_bus) return mcfg;
    }
    return Error::Enoent;
}

}  // namespace exo::boot
