// The machine as a whole: interrupt controllers, clocks, and how it is ended.
#pragma once

#include "boot/boot_information.hpp"

namespace exo::drivers {

/// Reads what ACPI or the MP table says of the machine. Before memory is started, while all of low memory is mapped.
/// A bad or missing table is logged and done without.
void discover_platform(const boot::PhysicalReader& memory, u64 rsdp);

/// Timers that ACPI's tables name; 0: none.
struct PlatformTimers {
    u16 pm_timer_port;
    u32 pm_timer_bits;
    u64 hpet_address;  ///< Physical.
};
PlatformTimers platform_timers();

/// The real-time clock's register that holds the century, as ACPI names it; 0: none.
u8 rtc_century_register();

/// Maps and starts the interrupt controllers. Errors: Enomem; Enodev (none that works).
Result<> start_interrupt_controllers();

[[noreturn]] void power_off_machine();
[[noreturn]] void restart_machine();
/// Stops it where it is: a virtual machine stays until it is ended from outside.
[[noreturn]] void halt_machine();
/// How a machine goes on after a panic's report, as Linux's panic= and /proc/sys/kernel/panic have it: it restarts after
/// so many seconds, at once if they are negative, never if they are 0 (as it is at first).
void set_panic_timeout(i32 seconds);
i32 panic_timeout();
/// After a panic's report. A virtual machine with isa-debug-exit ends there, whatever the timeout is, so that its starter
/// sees that something is wrong.
[[noreturn]] void exit_after_panic();

}  // namespace exo::drivers
