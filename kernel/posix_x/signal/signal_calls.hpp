// The system calls of signal_calls.cpp: their handlers, numbers and names.
#pragma once

#include <optional>

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

/// The number of the signal that a call sends. None: the siginfo itself names it.
using GivenNumber = std::optional<i32>;
/// The siginfo of a signal that a program sends. LINUX: copy_siginfo_from_user: bytes behind what is kept must be 0 where the code does not
/// say what they mean, and are not looked at where it does. Errors: Efault, E2big.
Result<abi::siginfo> read_given_siginfo(vm::UserIn<abi::siginfo> in, GivenNumber number);
/// What a program says a signal is that it sends to `target`. LINUX: it may pretend neither kernel nor kill, except to itself. Errors: Eperm.
Result<SignalInfo> queued_info(Pid target, i32 number, const abi::siginfo& given);

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
