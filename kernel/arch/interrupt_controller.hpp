// The interface of interrupt controllers, for the code that finds them (in ACPI's MADT or the MP table) and
// uses them.
#pragma once

#include "utils/result.hpp"
#include "utils/types.hpp"

namespace exo::arch {

enum class Trigger : u8 { Edge, Level };
enum class Polarity : u8 { High, Low };

struct IoApicRegisters {
    void* registers;  ///< Mapped uncached.
    u32 first_line;   ///< The global interrupt number of its input 0.
};

/// Masks the two 8259 controllers and enables the local APIC at `local_registers` (ignored with x2APIC).
void start_local_apic(void* local_registers);
/// Adds an I/O APIC. Errors: Enodev (no such registers).
Result<> add_io_apic(IoApicRegisters io_apic);
/// Routes the global interrupt `line` to this CPU: upcalls::interrupt(line). Errors: Einval (no such line).
Result<> enable_interrupt_line(u32 line, Trigger trigger, Polarity polarity);
void disable_interrupt_line(u32 line);

/// What a device writes to memory to interrupt this CPU: upcalls::interrupt(line).
struct InterruptMessage {
    u32 line;
    u64 address;
    u32 data;
};
/// Takes a line that no I/O APIC has; it is never given back. Called at boot, by one CPU. Errors: Enospc.
Result<InterruptMessage> allocate_interrupt_message();

}  // namespace exo::arch
