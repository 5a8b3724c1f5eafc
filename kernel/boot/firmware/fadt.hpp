// ACPI's Fixed ACPI Description Table ("FACP"): the PM timer, and how to reset and to power off.
#pragma once

#include <optional>
#include <span>

#include "boot/firmware/acpi.hpp"
#include "utils/result.hpp"

namespace exo::boot {

struct Fadt {
    /// The SCI, as an ISA interrupt.
    u16 sci_interrupt = 0;
    /// To take over from the BIOS: write `acpi_enable` to port `smi_command` (0: nothing to do).
    u32 smi_command = 0;
    u8 acpi_enable = 0;
    /// PM1 control registers: I/O ports; 0: not there.
    u16 pm1a_control = 0;
    u16 pm1b_control = 0;
    /// I/O port of the 3.579545 MHz counter; 0: none.
    u16 pm_timer = 0;
    u32 pm_timer_mask = 0x00ffffff;
    u8 century_register = 0;
    /// Write `reset_value` here to reset, if present.
    AcpiAddress reset_register{};
    u8 reset_value = 0;
    bool is_hardware_reduced = false;
    /// Only of hardware-reduced machines.
    AcpiAddress sleep_control{};
    u64 dsdt = 0;
};

/// Reads a checked table as AcpiTables::find gives it, of any revision. Errors: Einval (too short).
/// Source: ACPI 6.4, section 5.2.9.
Result<Fadt> read_fadt(std::span<const u8> table);

/// What to write as SLP_TYP into the PM1 control registers (b: into PM1b) to power off.
struct SleepType {
    u8 a = 0;
    u8 b = 0;
};

/// The S5 sleep type out of the \_S5 package of a checked DSDT, or nothing. AML is not executed: a name that
/// is followed by a package of constants is all that firmware has been seen to use.
/// Source: ACPI 6.4, sections 7.4.2 and 20.2.
std::optional<SleepType> find_s5_sleep_type(std::span<const u8> dsdt);

}  // namespace exo::boot
