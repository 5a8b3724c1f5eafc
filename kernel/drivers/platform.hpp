// The whole machine: interrupt controllers, clocks, restart and power-off.
#pragma once

#include <span>

#include "boot/boot_information.hpp"
#include "boot/firmware/interrupt_topology.hpp"
#include "boot/firmware/mcfg.hpp"

namespace exo::drivers {

/// Reads the ACPI tables or the MP table. Called before memory is started, while all of low memory is mapped.
/// If a table is bad or missing, a message is logged and the kernel continues without it.
void discover_platform(const boot::PhysicalReader& memory, u64 rsdp);

/// The timers that ACPI's tables name; 0: there is none.
struct PlatformTimers {
    u16 pm_timer_port;
    u32 pm_timer_bits;
    u64 hpet_address;  ///< A physical address.
};
PlatformTimers platform_timers();

/// The mapped configuration space of PCI that ACPI names; its address is 0 if there is none.
boot::Mcfg pci_configuration();

/// The real-time clock's register for the century, according to ACPI; 0: none.
u8 rtc_century_register();

/// The CPUs that the tables name, the first one among them.
std::span<const boot::LocalApic> found_cpus();

/// Maps and starts the interrupt controllers. Errors: Enomem; Enodev (none that works).
Result<> start_interrupt_controllers();

[[noreturn]] void power_off_machine();
[[noreturn]] void restart_machine();
/// Stops the machine. A virtual machine then exists until it is ended from outside.
[[noreturn]] void halt_machine();
/// Sets what follows a panic's report, like Linux's panic= and /proc/sys/kernel/panic: the machine restarts
/// after that many seconds, at once if negative, and never if 0 (the initial value).
void set_panic_timeout(i32 seconds);
i32 panic_timeout();
/// Ends or restarts the machine after a panic's report. A virtual machine with isa-debug-exit ends at once,
/// whatever the timeout is, so that the program that started it sees a failure.
[[noreturn]] void exit_after_panic();

}  // namespace exo::drivers
