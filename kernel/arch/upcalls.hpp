// Calls from arch up into the kernel. This header declares them; the higher layer that each comment names
// defines them. It is the only header of arch that higher layers implement.
#pragma once

#include "arch/interface.hpp"

namespace exo::upcalls {

/// Why vm could not resolve a page fault. arch passes it from page_fault to user_exception. Only vm knows the
/// values other than 0.
enum class FaultReason : u8 {
    None = 0,  ///< The fault was resolved, or vm was not called.
};

/// vm: handles a page fault at `address`. None: resolved, so the instruction is repeated; any other value:
/// the access was invalid. Called with interrupts on, on the thread's stack. Kernel-mode faults come here
/// only from user-copy instructions (others panic).
FaultReason page_fault(u64 address, arch::FaultCause cause, arch::UserRegisters* user_registers);

/// drivers: interrupt line `line` fired. Called with interrupts off.
void interrupt(u32 line);

enum class InterruptedMode : u8 { Kernel, User };

/// scheduler: another CPU made a thread of this one runnable (arch::wake_cpu). Called with interrupts off.
void reschedule();

/// sync: runs what other CPUs ask of this one (sync/cpu_requests.hpp). Called in interrupt handlers, and from arch::relax in any
/// context.
extern "C" void exo_serve_requests();

/// startup: a further CPU runs, on the stack that start_cpu got, with interrupts off.
[[noreturn]] void cpu_started();

/// time: this CPU's timer fired. Called with interrupts off.
void timer_tick(InterruptedMode mode);

/// posix_x: the handlers of system calls by number, which the entry code calls.
extern "C" const arch::CallHandlers exo_call_handlers;
extern "C" const arch::FastHandlers exo_fast_handlers;

/// syscall: a handler returned an error. Sets the program's result.
void system_call_failed(arch::UserRegisters& registers, u64 error);

/// posix_x: handles a system call of any program on a machine that traces (arch::trace_system_calls): calls
/// the handler and sets the program's result. Interrupts are on.
void traced_system_call(arch::UserRegisters& registers);

enum class UserCopy : u8 { FromUser, StringFromUser, ToUser, ZerosToUser };
/// posix_x: on a machine that traces, `size` bytes were copied between the user address and `kernel` (null
/// for zeros). May be called under spin locks and with faults disabled.
void user_copied(UserCopy kind, u64 address, const void* kernel, usize size);

/// scheduler: called before the return to user mode after any entry, if ThreadHeader::work is not 0: runs
/// other threads, delivers signals, restores the FPU. It is called and returns with interrupts off, and
/// leaves no work.
[[gnu::noinline]] void return_to_user(arch::UserRegisters& registers);

/// log: an unexpected exception in kernel mode. Prints a report and stops the machine.
[[noreturn]] void fatal_exception(u32 vector, u64 error_code, u64 fault_address,
                                  const arch::UserRegisters& registers);

/// posix_x: a user program caused exception `vector`, which becomes a signal. After a page fault, `reason` is
/// the result of page_fault.
void user_exception(u32 vector, u64 error_code, u64 fault_address, FaultReason reason,
                    arch::UserRegisters& registers);

}  // namespace exo::upcalls
