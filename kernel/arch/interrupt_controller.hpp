// Interrupt controllers, as far as those who find and use them need to know: what ACPI's MADT or the MP table names.
#pragma once

#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo::arch {

enum class Trigger : u8 { Edge, Level };
enum class Polarity : u8 { High, Low };

struct IoApicRegisters {
    void* registers;  ///< Mapped uncached.
    u32 first_line;   ///< Global interrupt number of its input 0.
};

/// Masks the old 8259 pair, enables the local APIC at `local_registers` (ignored with x2APIC).
void start_local_apic(void* local_registers);
/// Errors: Enodev (no such registers).
Result<> add_io_apic(IoApicRegisters io_apic);
/// Lets global interrupt line `line` come in on this CPU: upcalls::interrupt(line). Errors: Einval (no such line).
Result<> enable_interrupt_line(u32 line, Trigger trigger, Polarity polarity);
void disable_interrupt_line(u32 line);

}  // namespace exo::arch
