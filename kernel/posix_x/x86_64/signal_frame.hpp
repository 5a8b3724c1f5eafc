// The stack frame of a signal handler, and the return from it (rt_sigreturn). Layout: Linux's struct
// rt_sigframe, x86-64 (arch/x86/include/asm/sigframe.h, uapi/asm/sigcontext.h).
#pragma once

#include "abi/linux/signal_frame.hpp"
#include "posix_x/process/process.hpp"

namespace exo::posix_x {

/// Pushes a frame for `info` and points `registers` at the handler. Errors: Efault (no room on the stack).
Result<> push_signal_frame(Task& task, const SignalInfo& info, const SignalAction& action, SignalSet old_mask,
                           arch::UserRegisters& registers);
/// rt_sigreturn: takes registers and FPU from the frame on the user's stack. Returns the mask, for the caller to set.
/// Errors: Efault, Einval.
Result<SignalSet> pop_signal_frame(Task& task, arch::UserRegisters& registers);

/// Fills a siginfo_t for a program. `out` must be all zeros.
void fill_siginfo(const SignalInfo& info, abi::siginfo& out);
/// sigaltstack. Errors: Eperm (`stack_pointer` is on the alternate stack), Einval, Enomem (too small).
Result<> set_alternate_stack(Task& task, const abi::stack_t& wanted, u64 stack_pointer);
/// The state of the alternate stack for this stack pointer: SS_DISABLE, SS_ONSTACK or 0.
u32 stack_flags(const Task& task, u64 rsp);

}  // namespace exo::posix_x
