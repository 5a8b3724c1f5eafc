// Interrupt controllers: the CPU's local APIC (with its timer) and the I/O APIC (Intel SDM vol. 3, 10; 82093AA).
#pragma once

#include "arch/interrupt_controller.hpp"
#include "arch/upcalls.hpp"

namespace exo::arch {

/// Sets the local timer's rate: `ticks` of it took as long as `nanoseconds`.
void set_apic_timer_rate(u64 ticks, u64 nanoseconds);
/// The timer counts down from 2^32-1, masked, for the calibration; returns what it has counted.
void start_apic_timer_count();
u32 apic_timer_counted();

/// From trap.cpp: vector 32 and above.
void dispatch_interrupt(u32 vector, upcalls::InterruptedMode mode);

}  // namespace exo::arch
