// sgdt, sidt, sldt, str and smsw tell programs where the kernel's tables lie. Where the CPU refuses them to programs (UMIP,
// Intel SDM vol. 3, 2.5), Linux answers in the CPU's place, for Wine and DOS emulators (arch/x86/kernel/umip.c).
#pragma once

#include "arch/interface.hpp"

namespace exo::posix_x {

/// The calling program's instruction caused a general-protection fault. True: it was one of these, and has been carried
/// out with values that tell nothing, or has raised a signal of its own.
bool carry_out_refused_instruction(arch::UserRegisters& registers);

}  // namespace exo::posix_x
