// The FPU's part of a signal frame: the registers in XSAVE format, and the magic numbers by which programs
// find the extended part (arch/x86/kernel/fpu/signal.c defines the layout).
#pragma once

#include "scheduler/thread.hpp"

namespace exo::posix_x {

/// Writes the current thread's FPU state at a 64-byte-aligned user address: arch::fpu_area_size() bytes and 4 more.
/// Errors: Efault.
Result<> push_fpu_state(scheduler::Thread& self, u64 address);
/// Sets the FPU state of a new program.
void reset_fpu_state(scheduler::Thread& self);
/// Restores the FPU state from `address`; 0: the frame has none. After an error the state is that of a new
/// program.
/// Errors: Efault, Einval (a state that the CPU does not accept).
Result<> pop_fpu_state(scheduler::Thread& self, u64 address);

}  // namespace exo::posix_x
