// The FPU's part of a signal frame: the registers as XSAVE writes them, and marks by which programs find the extended
// part (arch/x86/kernel/fpu/signal.c shows the layout that programs rely on).
#pragma once

#include "scheduler/thread.hpp"

namespace exo::posix_x {

/// Writes the current thread's FPU state at a 64-byte-aligned user address: arch::fpu_area_size() bytes and 4 more.
/// Errors: Efault.
Result<> push_fpu_state(scheduler::Thread& self, u64 address);
/// The state of a fresh program.
void reset_fpu_state(scheduler::Thread& self);
/// Reads it back; 0 for a frame without one. After an error the state is that of a fresh program.
/// Errors: Efault, Einval (nothing that the CPU takes).
Result<> pop_fpu_state(scheduler::Thread& self, u64 address);

}  // namespace exo::posix_x
