// Interrupt controllers: the CPU's local APIC (with its timer) and the I/O APIC (Intel SDM vol. 3, 10; 82093AA).
#pragma once

#include "arch/interrupt_controller.hpp"
#include "arch/upcalls.hpp"

namespace exo::arch {

/// Handles vectors from 32 on, for trap.cpp.
void dispatch_interrupt(u32 vector, upcalls::InterruptedMode mode);

}  // namespace exo::arch
