// Interrupt controllers: the CPU's local APIC (with its timer) and the I/O APIC (Intel SDM vol. 3, 10; 82093AA).
#pragma once

#include "arch/interrupt_controller.hpp"
#include "arch/upcalls.hpp"

namespace exo::arch {

/// Turns on the local APIC of a further CPU, which calls this, with its timer.
void start_further_apic();
/// Sends INIT, and the start-up interrupt that makes the CPU run at `page`, a physical address below 1 MiB (Intel SDM
/// vol. 3, 8.4.4).
void send_init(u32 apic_id);
void send_start_up(u32 apic_id, u64 page);

/// stop_other_cpus has been called: an NMI ends the CPU that gets it.
inline constinit std::atomic<bool> are_others_stopping{false};

/// Handles vectors from 32 on, for trap.cpp.
void dispatch_interrupt(u32 vector, upcalls::InterruptedMode mode);

}  // namespace exo::arch
