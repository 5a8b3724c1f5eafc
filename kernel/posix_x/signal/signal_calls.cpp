// Signals as programs see them: actions, masks, sending, waiting (signal(7)).
#include "abi/linux/signal.hpp"
#include "abi/linux/signal_frame.hpp"
#include "posix_x/process/process_tree.hpp"
#include "posix_x/signal/signal_mask.hpp"
#include "posix_x/signal/signal_wait.hpp"
#include "posix_x/syscalls/families.hpp"
#include "posix_x/syscalls/support.hpp"
#include "posix_x/x86_64/signal_frame.hpp"

namespace exo::posix_x {

namespace {

using abi::kernel_sigaction;
using abi::MaskChange;

Result<> sys_rt_sigaction(Context&, SignalNumber number, OrNull<vm::UserIn<kernel_sigaction>> in,
                          OrNull<vm::UserOut<kernel_sigaction>> out, SignalSetSize set_size) {
    if (set_size != sizeof(u64)) return Error::Einval;
    kernel_sigaction wanted{};
    if (!in.is_null()) wanted = TRY(in.read());
    if (!is_valid_signal(number.value)) return Error::Einval;
    const auto signal = static_cast<Signal>(number.value);
    if (!in.is_null() && UNBLOCKABLE_SIGNALS.has(signal)) return Error::Einval;
    Task& task = current_task();
    kernel_sigaction old{};
    {
        auto state = task.process->signals.lock();
        SignalAction& action = state->actions->of(signal);
        old = {action.handler, action.flags, action.restorer, action.mask.bits()};
        if (!in.is_null()) {
            action = {wanted.handler, wanted.flags & SignalAction::KNOWN_FLAGS, wanted.restorer,
                      SignalSet(wanted.mask) & ~UNBLOCKABLE_SIGNALS};
            if (action.ignores(signal)) {  // POSIX: what is pending and now ignored is dropped
                state->pending.discard(SignalSet::of(signal));
                task.pending.discard(SignalSet::of(signal));
            }
        }
    }
    if (!out.is_null()) TRY(out.write(old));
    return {};
}

Result<> sys_rt_sigprocmask(Context&, MaskChange how, OrNull<vm::UserIn<SignalMask>> in,
                            OrNull<vm::UserOut<SignalMask>> out, SignalSetSize set_size) {
    if (set_size != sizeof(u64)) return Error::Einval;
    Task& task = current_task();
    const SignalSet old = task.blocked;
    if (!in.is_null()) {
        const SignalSet set(TRY(in.read()));
        switch (how) {
            case MaskChange::Block: set_blocked_signals(task, old | set); break;
            case MaskChange::Unblock: set_blocked_signals(task, old & ~set); break;
            case MaskChange::Set: set_blocked_signals(task, set); break;
            default: return Error::Einval;
        }
    }
    if (!out.is_null()) TRY(out.write(old.bits()));
    return {};
}

/// What the interrupted program had in the register.
using RestoredAnswer = Unused;

Answer<RestoredAnswer> sys_rt_sigreturn(Context& context) {
    Task& task = current_task();
    const u64 mask_address =
        context.registers.rsp - sizeof(u64) + __builtin_offsetof(abi::rt_sigframe, uc.uc_sigmask);
    const Result<u64> mask = vm::UserIn<u64>(mask_address).read();
    if (!mask || !pop_signal_frame(task, context.registers)) {
        force_signal({.signal = Signal::Segv});
        return 0ULL;
    }
    set_blocked_signals(task, SignalSet(*mask));
    return context.registers.rax;
}

Result<> sys_rt_sigpending(Context&, OutBytes<1> out, Size set_size) {
    if (set_size > sizeof(u64)) return Error::Einval;
    if (set_size == 0) return {};
    Task& task = current_task();
    u64 pending;
    {
        auto state = task.process->signals.lock();
        pending = ((task.pending.set() | state->pending.set()) & task.blocked).bits();
    }
    return vm::write_user(out.address,
                          {reinterpret_cast<const u8*>(&pending), set_size});  // SAFETY: bytes of an integer
}

Result<> sys_rt_sigsuspend(Context&, vm::UserIn<SignalMask> in, SignalSetSize set_size) {
    if (set_size != sizeof(u64)) return Error::Einval;
    Task& task = current_task();
    const SignalSet wanted(TRY(in.read()));
    task.saved_mask = task.blocked;
    task.has_saved_mask = true;
    set_blocked_signals(task, wanted);
    while (scheduler::park(scheduler::WaitMode::Interruptible)) {
    }
    return Error::RestartNoHandler;
}

Result<> sys_pause(Context&) {
    while (scheduler::park(scheduler::WaitMode::Interruptible)) {
    }
    return Error::RestartNoHandler;
}

Answer<SignalNumber> sys_rt_sigtimedwait(Context&, vm::UserIn<SignalMask> in,
                                         OrNull<vm::UserOut<abi::siginfo>> out,
                                         OrNull<vm::UserIn<abi::timespec>> timeout, SignalSetSize set_size) {
    if (set_size != sizeof(u64)) return Error::Einval;
    const SignalSet wanted = SignalSet(TRY(in.read())) & ~UNBLOCKABLE_SIGNALS;
    time::Deadline deadline = time::Deadline::never();
    if (!timeout.is_null()) {
        const abi::timespec time = TRY(timeout.read());
        if (time.tv_sec < 0 || time.tv_nsec < 0 || time.tv_nsec >= 1'000'000'000) return Error::Einval;
        const u64 seconds = static_cast<u64>(time.tv_sec);
        deadline = seconds > ~0ULL / time::SECOND / 2
                       ? time::Deadline::never()
                       : time::Deadline::after(seconds * time::SECOND + static_cast<u64>(time.tv_nsec));
    }
    const SignalInfo info = TRY(wait_for_signal(current_task(), wanted, deadline));
    if (!out.is_null()) {
        abi::siginfo record{};
        fill_siginfo(info, record);
        TRY(out.write(record));
    }
    return static_cast<i32>(info.signal);
}

// ---- Sending

Result<> signal_one(Task& sender, Process& target, i32 number) {
    if (number != 0 && !is_valid_signal(number)) return Error::Einval;
    const auto signal = static_cast<Signal>(number);
    if (!may_signal(sender, target, signal)) return Error::Eperm;
    if (number == 0) return {};
    return send_signal(target, info_from(sender, signal, signal_code::USER));
}

/// Succeeds if one could be signalled. Without preemption points, for the reason that send_signal_to_group names.
Result<> signal_many(Task& sender, i32 number, const Vector<Ref<Process>>& targets) {
    Result<> answer = Error::Esrch;
    bool succeeded = false;
    for (const Ref<Process>& target : targets) {
        const Result<> result = signal_one(sender, *target, number);
        succeeded |= result.has_value();
        answer = result;
    }
    if (succeeded) return {};
    return answer;
}

Result<> sys_kill(Context&, PidOf<PidUse::ProcessOrGroup> pid, SignalOrNone number) {
    Task& sender = current_task();
    if (pid.value > 0) {
        const Ref<Process> target = PROCESSES.find(pid.value);
        if (!target) return Error::Esrch;
        return signal_one(sender, *target, number.value);
    }
    if (pid.value == INT32_MIN) return Error::Esrch;
    // All of them first: who gets a signal may change groups.
    Vector<Ref<Process>> targets;
    const auto no_births = PROCESSES.keep_out_births();
    if (pid.value != -1) {
        const Pid group = pid.value == 0 ? sender.process->group : -pid.value;
        targets = TRY(PROCESSES.members_of(group));
        return signal_many(sender, number.value, targets);
    }
    targets = TRY(PROCESSES.all_that([&](const Process& process) {
        return process.pid() != FIRST_PID && process.pid() != sender.process->pid();
    }));
    return signal_many(sender, number.value, targets);
}

/// The process of `tid`, which may be signalled. Errors: Esrch, Einval, Eperm.
Result<Ref<Process>> target_of(Pid tid, i32 number) {
    Ref<Process> target = PROCESSES.find(tid);
    if (!target) return Error::Esrch;
    if (number != 0 && !is_valid_signal(number)) return Error::Einval;
    if (!may_signal(current_task(), *target, static_cast<Signal>(number))) return Error::Eperm;
    return target;
}

Result<> signal_task(Pid tid, i32 number) {
    const Ref<Process> target = TRY(target_of(tid, number));
    if (number == 0) return {};
    return send_signal_to_task(*target,
                               info_from(current_task(), static_cast<Signal>(number), signal_code::TKILL));
}

Result<> sys_tkill(Context&, PidOf<PidUse::Thread> tid, SignalOrNone number) {
    if (tid.value <= 0) return Error::Einval;
    return signal_task(tid.value, number.value);
}
Result<> sys_tgkill(Context&, PidOf<PidUse::Process> group, PidOf<PidUse::Thread> tid, SignalOrNone number) {
    if (group.value <= 0 || tid.value <= 0) return Error::Einval;
    if (tid.value != group.value) return Error::Esrch;  // a process has one task
    return signal_task(tid.value, number.value);
}

/// rt_sigqueueinfo: a program may pretend neither kernel nor kill, except to itself.
Result<SignalInfo> queued_info(Pid target, SignalOrNone number, vm::UserIn<abi::siginfo> in) {
    const abi::siginfo given = TRY(in.read());
    if ((given.si_code >= 0 || given.si_code == signal_code::TKILL) && target != current_process().pid())
        return Error::Eperm;
    return SignalInfo{.signal = static_cast<Signal>(number.value),
                      .code = given.si_code,
                      .error = given.si_errno,
                      .sender = given.sender_pid(),
                      .sender_uid = given.sender_uid(),
                      .status = given.child_status(),
                      .value = given.value(),
                      .user_time = given.child_user_time(),
                      .system_time = given.child_system_time()};
}
Result<> sys_rt_sigqueueinfo(Context&, PidOf<PidUse::Process> pid, SignalOrNone number,
                             vm::UserIn<abi::siginfo> in) {
    const SignalInfo info = TRY(queued_info(pid.value, number, in));
    const Ref<Process> target = TRY(target_of(pid.value, number.value));
    if (number.value == 0) return {};
    return send_signal(*target, info);
}

// ---- The alternate stack

Result<> sys_sigaltstack(Context& context, OrNull<vm::UserIn<abi::stack_t>> in,
                         OrNull<vm::UserOut<abi::stack_t>> out) {
    Task& task = current_task();
    const u64 stack_pointer = context.registers.rsp;
    const AlternateStack& stack = task.alternate_stack;
    const u32 flags = stack_flags(task, stack_pointer) | (stack.flags & AlternateStack::AUTO_DISARM);
    const abi::stack_t old{stack.base, static_cast<i32>(flags), 0, stack.size};
    if (!in.is_null()) TRY(set_alternate_stack(task, TRY(in.read()), stack_pointer));
    if (!out.is_null()) TRY(out.write(old));
    return {};
}

}  // namespace

Result<> register_signal_calls() {
    using syscall::register_call;
    TRY(register_call<sys_rt_sigaction>(13, "rt_sigaction"));
    TRY(register_call<sys_rt_sigprocmask>(14, "rt_sigprocmask"));
    TRY(register_call<sys_rt_sigreturn>(15, "rt_sigreturn"));
    TRY(register_call<sys_pause>(34, "pause"));
    TRY(register_call<sys_kill>(62, "kill"));
    TRY(register_call<sys_rt_sigpending>(127, "rt_sigpending"));
    TRY(register_call<sys_rt_sigtimedwait>(128, "rt_sigtimedwait"));
    TRY(register_call<sys_rt_sigqueueinfo>(129, "rt_sigqueueinfo"));
    TRY(register_call<sys_rt_sigsuspend>(130, "rt_sigsuspend"));
    TRY(register_call<sys_sigaltstack>(131, "sigaltstack"));
    TRY(register_call<sys_tkill>(200, "tkill"));
    TRY(register_call<sys_tgkill>(234, "tgkill"));
    return {};
}

}  // namespace exo::posix_x
