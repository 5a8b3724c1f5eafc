// Calls from the machine up into the kernel: declared here by the lower layer, defined by the higher one that is named.
// This is the one header of arch that higher layers implement instead of calling.
#pragma once

#include "arch/interface.hpp"

namespace exo::upcalls {

/// vm: a page fault at `address`. True: resolved, retry the instruction. False: the access was wrong. Called with
/// interrupts on, on the thread's stack. For kernel-mode faults only in user-copy instructions (others panic).
bool page_fault(u64 address, arch::FaultCause cause, arch::UserRegisters* user_registers);

/// drivers: interrupt line `line` fired. Interrupts are off.
void interrupt(u32 line);

enum class InterruptedMode : u8 { Kernel, User };

/// scheduler: another CPU made a thread of this one runnable (arch::wake_cpu). Interrupts are off.
void reschedule();

/// time: this CPU's timer fired. Interrupts are off.
void timer_tick(InterruptedMode mode);

/// syscall: a handler answered with an error. Writes what the program gets.
void system_call_failed(arch::UserRegisters& registers, u64 error);

/// scheduler: the last stop before user mode after any entry, if ThreadHeader::work is not 0: other threads, signals,
/// the FPU. Called and left with interrupts off, and left with nothing more to do.
[[gnu::noinline]] void return_to_user(arch::UserRegisters& registers);

/// log: an exception that the kernel did not expect, in kernel mode. Prints a report and stops.
[[noreturn]] void fatal_exception(u32 vector, u64 error_code, u64 fault_address,
                                  const arch::UserRegisters& registers);

/// posix_x: a user program caused exception `vector` (not resolved by page_fault): becomes a signal.
void user_exception(u32 vector, u64 error_code, u64 fault_address, arch::UserRegisters& registers);

}  // namespace exo::upcalls
