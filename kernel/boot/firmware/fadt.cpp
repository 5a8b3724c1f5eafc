#include "boot/firmware/fadt.hpp"

#include "utils/bytes.hpp"

namespace exo::boot {

namespace {

// Offsets of the fields (ACPI 6.4, table 5.9).
constexpr u64 DSDT = 40;
constexpr u64 SCI_INTERRUPT = 46;
constexpr u64 SMI_COMMAND = 48;
constexpr u64 ACPI_ENABLE = 52;
constexpr u64 PM1A_CONTROL = 64;
constexpr u64 PM1B_CONTROL = 68;
constexpr u64 PM_TIMER = 76;
constexpr u64 PM_TIMER_LENGTH = 91;
constexpr u64 CENTURY = 108;
constexpr u64 FLAGS = 112;
constexpr u64 RESET_REGISTER = 116;
constexpr u64 RESET_VALUE = 128;
constexpr u64 X_DSDT = 140;
constexpr u64 X_PM1A_CONTROL = 172;
constexpr u64 X_PM1B_CONTROL = 184;
constexpr u64 X_PM_TIMER = 208;
constexpr u64 SLEEP_CONTROL = 244;
/// The table of ACPI 1.0 ends here.
constexpr usize MINIMAL_SIZE = 116;

constexpr u32 FLAG_TIMER_32_BIT = 1U << 8;
constexpr u32 FLAG_RESET_REGISTER = 1U << 10;
constexpr u32 FLAG_HARDWARE_REDUCED = 1U << 20;

/// The port in the extended field if there is one, else that in the old field; 0 if neither can be a port.
u16 port_of(std::span<const u8> table, u64 extended_field, u64 old_field) {
    const auto extended = AcpiAddress::load_from(table, extended_field);
    u64 port = load<u32>(table, old_field).value_or(0);
    if (extended && extended->is_present()) {
        if (extended->space != AcpiAddress::Space::Io) return 0;
        port = extended->address;
    }
    return port <= UINT16_MAX ? static_cast<u16>(port) : u16{0};
}

}  // namespace

Result<Fadt> read_fadt(std::span<const u8> table) {
    if (table.size() < MINIMAL_SIZE) return Error::Einval;
    const u32 flags = load<u32>(table, FLAGS).value_or(0);
    Fadt fadt;
    fadt.sci_interrupt = load<u16>(table, SCI_INTERRUPT).value_or(0);
    fadt.smi_command = load<u32>(table, SMI_COMMAND).value_or(0);
    fadt.acpi_enable = load<u8>(table, ACPI_ENABLE).value_or(0);
    fadt.century_register = load<u8>(table, CENTURY).value_or(0);
    fadt.is_hardware_reduced = (flags & FLAG_HARDWARE_REDUCED) != 0;
    if (!fadt.is_hardware_reduced) {
        fadt.pm1a_control = port_of(table, X_PM1A_CONTROL, PM1A_CONTROL);
        fadt.pm1b_control = port_of(table, X_PM1B_CONTROL, PM1B_CONTROL);
        if (load<u8>(table, PM_TIMER_LENGTH) == u8{4}) fadt.pm_timer = port_of(table, X_PM_TIMER, PM_TIMER);
        if ((flags & FLAG_TIMER_32_BIT) != 0) fadt.pm_timer_mask = UINT32_MAX;
    } else if (const auto sleep = AcpiAddress::load_from(table, SLEEP_CONTROL)) {
        fadt.sleep_control = *sleep;
    }
    if ((flags & FLAG_RESET_REGISTER) != 0) {
        fadt.reset_register = AcpiAddress::load_from(table, RESET_REGISTER).value_or(AcpiAddress{});
        fadt.reset_value = load<u8>(table, RESET_VALUE).value_or(0);
    }
    fadt.dsdt = load<u64>(table, X_DSDT).value_or(0);
    if (fadt.dsdt == 0) fadt.dsdt = load<u32>(table, DSDT).value_or(0);
    return fadt;
}

}  // namespace exo::boot
