// Calls from the machine up into the kernel: declared here by the lower layer, defined by the higher one that is named.
// This is the one header of arch that higher layers implement instead of calling.
#pragma once

#include "arch/interface.hpp"

namespace exo::upcalls {

/// Why vm could not resolve a page fault. arch hands it from page_fault to user_exception; only vm knows the values but 0.
enum class FaultReason : u8 {
    None = 0,  ///< It is resolved, or vm was not asked.
};

/// vm: a page fault at `address`. None: resolved, repeat the instruction. Any other: the access was wrong. Called with
/// interrupts on, on the thread's stack. For kernel-mode faults only in user-copy instructions (others panic).
FaultReason page_fault(u64 address, arch::FaultCause cause, arch::UserRegisters* user_registers);

/// drivers: interrupt line `line` fired. Interrupts are off.
void interrupt(u32 line);

enum class InterruptedMode : u8 { Kernel, User };

/// scheduler: another CPU made a thread of this one runnable (arch::wake_cpu). Interrupts are off.
void reschedule();

/// time: this CPU's timer fired. Interrupts are off.
void timer_tick(InterruptedMode mode);

/// posix_x: what the entry code calls, by the number of the system call.
extern "C" const arch::CallHandlers exo_call_handlers;
extern "C" const arch::FastHandlers exo_fast_handlers;

/// syscall: a handler answered with an error. Writes what the program gets.
void system_call_failed(arch::UserRegisters& registers, u64 error);

/// posix_x: a system call of any program, in a machine that traces (arch::trace_system_calls): calls the handler and writes
/// what the program gets. Interrupts are on.
void traced_system_call(arch::UserRegisters& registers);

enum class UserCopy : u8 { FromUser, StringFromUser, ToUser, ZerosToUser };
/// posix_x: in a machine that traces, `size` bytes have just been copied between the user address and `kernel` (null for zeros).
/// May be called under spin locks and with faults disabled.
void user_copied(UserCopy kind, u64 address, const void* kernel, usize size);

/// scheduler: the last stop before user mode after any entry, if ThreadHeader::work is not 0: other threads, signals,
/// the FPU. Called and left with interrupts off, and left with nothing more to do.
[[gnu::noinline]] void return_to_user(arch::UserRegisters& registers);

/// log: an exception that the kernel did not expect, in kernel mode. Prints a report and stops.
[[noreturn]] void fatal_exception(u32 vector, u64 error_code, u64 fault_address,
                                  const arch::UserRegisters& registers);

/// posix_x: a user program caused exception `vector`, which becomes a signal. Of a page fault `reason` says what page_fault
/// answered.
void user_exception(u32 vector, u64 error_code, u64 fault_address, FaultReason reason,
                    arch::UserRegisters& registers);

}  // namespace exo::upcalls
