// ACPI's Fixed ACPI Description Table ("FACP"): the PM timer, and how to reset and to power off.
#pragma once

#include <optional>
#include <span>

#include "boot/firmware/acpi.hpp"
#include "utils/result.hpp"

namespace exo::boot {

struct Fadt {
    /// The ISA interrupt of the SCI.
    u16 sci_interrupt = 0;
    /// To take control from the BIOS, write `acpi_enable` to the port `smi_command` (0: not needed).
    u32 smi_command = 0;
    u8 acpi_enable = 0;
    /// I/O ports of the PM1 control registers; 0: the register does not exist.
    u16 pm1a_control = 0;
    u16 pm1b_control = 0;
    /// The I/O port of the 3.579545 MHz counter; 0: none.
    u16 pm_timer = 0;
    u32 pm_timer_mask = 0x00ffffff;
    u8 century_register = 0;
    /// Writing `reset_value` here resets the machine, if the register exists.
    AcpiAddress reset_register{};
    u8 reset_value = 0;
    bool is_hardware_reduced = false;
    /// Only on hardware-reduced machines.
    AcpiAddress sleep_control{};
    u64 dsdt = 0;
};

/// Parses a checked table of any revision, as AcpiTables::find returns it. Errors: Einval (too short).
/// Source: ACPI 6.4, section 5.2.9.
Result<Fadt> read_fadt(std::span<const u8> table);

/// The values of SLP_TYP for the PM1 control registers (b: for PM1b) that power the machine off.
struct SleepType {
    u8 a = 0;
    u8 b = 0;
};

/// Finds the S5 sleep type in the \_S5 package of a checked DSDT. AML is not executed: the function searches
/// the name followed by a package of constants, the only form seen in firmware.
/// Source: ACPI 6.4, sections 7.4.2 and 20.2.
std::optional<SleepType> find_s5_sleep_type(std::span<const u8> dsdt);

}  // namespace exo::boot
