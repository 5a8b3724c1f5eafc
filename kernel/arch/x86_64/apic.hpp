// Interrupt controllers: the CPU's local APIC (with its timer) and the I/O APIC (Intel SDM vol. 3, 10; 82093AA).
#pragma once

#include "arch/interrupt_controller.hpp"
#include "arch/upcalls.hpp"

namespace exo::arch {

/// From trap.cpp: vector 32 and above.
void dispatch_interrupt(u32 vector, upcalls::InterruptedMode mode);

}  // namespace exo::arch
