// ACPI's Multiple APIC Description Table ("APIC").
#pragma once

#include <span>

#include "boot/firmware/interrupt_topology.hpp"
#include "utils/result.hpp"

namespace exo::boot {

/// Fills `topology` from a checked table as AcpiTables::find returns it. Entries of unknown type are skipped.
/// Errors: Einval (an entry that does not fit), Enospc (too many controllers or overrides).
/// Source: ACPI 6.4, section 5.2.12.
Result<> read_madt(std::span<const u8> table, InterruptTopology& topology);

}  // namespace exo::boot
