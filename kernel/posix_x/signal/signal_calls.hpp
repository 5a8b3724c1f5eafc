// The system calls of signal_calls.cpp: their handlers, numbers and names.
#pragma once

#include "abi/linux/signal.hpp"
#include "abi/linux/signal_frame.hpp"
#include "abi/linux/time.hpp"
#include "posix_x/process/pid.hpp"
#include "posix_x/process/signals.hpp"
#include "posix_x/syscalls/signature.hpp"

namespace exo::posix_x {

/// The register's value in the interrupted program.
using RestoredAnswer = Unused;

Result<> sys_rt_sigaction(Context&, SignalNumber number, OrNull<vm::UserIn<abi::kernel_sigaction>> in,
                          OrNull<vm::UserOut<abi::kernel_sigaction>> out, SignalSetSize set_size);
Result<> sys_rt_sigprocmask(Context&, abi::MaskChange how, OrNull<vm::UserIn<SignalMask>> in,
                            OrNull<vm::UserOut<SignalMask>> out, SignalSetSize set_size);
Answer<RestoredAnswer> sys_rt_sigreturn(Context& context);
Result<> sys_rt_sigpending(Context&, OutBytes<1> out, Size set_size);
Result<> sys_rt_sigsuspend(Context&, vm::UserIn<SignalMask> in, SignalSetSize set_size);
Result<> sys_pause(Context&);
Answer<SignalNumber> sys_rt_sigtimedwait(Context&, vm::UserIn<SignalMask> in,
                                         OrNull<vm::UserOut<abi::siginfo>> out,
                                         OrNull<vm::UserIn<abi::timespec>> timeout, SignalSetSize set_size);
Result<> sys_kill(Context&, PidOf<PidUse::ProcessOrGroup> pid, SignalOrNone number);
Result<> sys_tkill(Context&, PidOf<PidUse::Thread> tid, SignalOrNone number);
Result<> sys_tgkill(Context&, PidOf<PidUse::Process> group, PidOf<PidUse::Thread> tid, SignalOrNone number);
Result<> sys_rt_sigqueueinfo(Context&, PidOf<PidUse::Process> pid, SignalOrNone number,
                             vm::UserIn<abi::siginfo> in);
Result<> sys_rt_tgsigqueueinfo(Context&, PidOf<PidUse::Process> group, PidOf<PidUse::Thread> tid,
                               SignalOrNone number, vm::UserIn<abi::siginfo> in);
Result<> sys_sigaltstack(Context& context, OrNull<vm::UserIn<abi::stack_t>> in,
                         OrNull<vm::UserOut<abi::stack_t>> out);

/// Which number says what the bytes of a siginfo mean: that of the call, or the siginfo's own, which must then be the same.
enum class NumberOf : u8 { Call, Siginfo };
/// What a program says of a signal that it sends. LINUX: copy_siginfo_from_user: bytes behind what is kept must be 0 where the code does not
/// say what they mean, and are not looked at where it does. Errors: Efault, E2big, Einval (another number).
Result<SignalInfo> read_given_info(vm::UserIn<abi::siginfo> in, i32 number, NumberOf from);
/// LINUX: a signal to `target` may pretend to come neither from the kernel nor from kill, except to the caller itself. Errors: Eperm.
Result<> check_pretence(Pid target, const SignalInfo& info);

inline constexpr syscall::Family SIGNAL_FAMILY{"signal_calls", "kernel/posix_x/signal/signal_calls.cpp"};
inline constexpr syscall::Call SIGNAL_CALLS[] = {
    call<sys_rt_sigaction>(13, "rt_sigaction", SIGNAL_FAMILY),
    call<sys_rt_sigprocmask>(14, "rt_sigprocmask", SIGNAL_FAMILY),
    call<sys_rt_sigreturn>(15, "rt_sigreturn", SIGNAL_FAMILY),
    call<sys_pause>(34, "pause", SIGNAL_FAMILY),
    call<sys_kill>(62, "kill", SIGNAL_FAMILY),
    call<sys_rt_sigpending>(127, "rt_sigpending", SIGNAL_FAMILY),
    call<sys_rt_sigtimedwait>(128, "rt_sigtimedwait", SIGNAL_FAMILY),
    call<sys_rt_sigqueueinfo>(129, "rt_sigqueueinfo", SIGNAL_FAMILY),
    call<sys_rt_sigsuspend>(130, "rt_sigsuspend", SIGNAL_FAMILY),
    call<sys_sigaltstack>(131, "sigaltstack", SIGNAL_FAMILY),
    call<sys_tkill>(200, "tkill", SIGNAL_FAMILY),
    call<sys_tgkill>(234, "tgkill", SIGNAL_FAMILY),
    call<sys_rt_tgsigqueueinfo>(297, "rt_tgsigqueueinfo", SIGNAL_FAMILY),
};

}  // namespace exo::posix_x
