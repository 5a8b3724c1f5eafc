// Intel's MultiProcessor table, for machines without ACPI (QEMU's microvm with acpi=off, Firecracker).
#pragma once

#include "boot/firmware/interrupt_topology.hpp"
#include "boot/firmware/physical_reader.hpp"

namespace exo::boot {

/// Searches the floating pointer: first KiB of the EBDA, last KiB of base memory, 0xf0000-0xfffff.
/// Errors: Enoent.
Result<u64> find_mp_table(const PhysicalReader& memory);

/// Fills `topology` from the floating pointer at `floating_pointer`. The table's length and not its entry
/// count ends the walk, because some firmware writes a count of 0. Only interrupt entries of ISA buses are
/// used.
/// Errors: Einval (signature, checksum, an entry of unknown type), Efault, Enodata (a default configuration,
/// which has no table), Enospc (too many controllers or interrupts).
/// Source: Intel MultiProcessor Specification 1.4, chapter 4.
Result<> read_mp_table(const PhysicalReader& memory, u64 floating_pointer, InterruptTopology& topology);

}  // namespace exo::boot
