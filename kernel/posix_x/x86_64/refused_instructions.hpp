// Emulates sgdt, sidt, sldt, str and smsw, which tell programs where the kernel's tables lie. The CPU refuses
// them to programs (UMIP, Intel SDM vol. 3, 2.5); like Linux, the kernel emulates them for Wine and DOS
// emulators (arch/x86/kernel/umip.c).
#pragma once

#include "arch/interface.hpp"

namespace exo::posix_x {

/// Called after a general-protection fault of the calling program. Returns true if the instruction was one of
/// these and was emulated with constant values, or has raised a signal of its own.
bool carry_out_refused_instruction(arch::UserRegisters& registers);

}  // namespace exo::posix_x
