// The signal calls: actions, masks, sending, waiting (signal(7)).
#include "posix_x/signal/signal_calls.hpp"

#include <algorithm>

#include "abi/linux/signal.hpp"
#include "abi/linux/signal_frame.hpp"
#include "posix_x/process/process_tree.hpp"
#include "posix_x/signal/signal_mask.hpp"
#include "posix_x/signal/signal_wait.hpp"
#include "posix_x/syscalls/support.hpp"
#include "posix_x/x86_64/signal_frame.hpp"
#include "scheduler/preemption.hpp"

namespace exo::posix_x {

namespace {

using abi::kernel_sigaction;
using abi::MaskChange;

}  // namespace

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
    SignalActions& actions = task.process->own_actions();
    SignalAction before;
    if (in.is_null()) {
        before = actions.of(signal);
    } else {
        const SignalAction action{wanted.handler, wanted.flags & SignalAction::KNOWN_FLAGS, wanted.restorer,
                                  SignalSet(wanted.mask) & ~UNBLOCKABLE_SIGNALS};
        before = actions.exchange(signal, action);
        // POSIX: what is pending and now ignored is dropped.
        if (action.ignores(signal)) discard_pending(*task.process, SignalSet::of(signal));
    }
    old = {before.handler, before.flags, before.restorer, before.mask.bits()};
    if (!out.is_null()) TRY(out.write(old));
    return {};
}

Result<> sys_rt_sigprocmask(Context&, MaskChange how, OrNull<vm::UserIn<SignalMask>> in,
                            OrNull<vm::UserOut<SignalMask>> out, SignalSetSize set_size) {
    if (set_size != sizeof(u64)) return Error::Einval;
    Task& task = current_task();
    const SignalSet old = task.blocked();
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

Answer<RestoredAnswer> sys_rt_sigreturn(Context& context) {
    Task& task = current_task();
    const Result<SignalSet> mask = pop_signal_frame(task, context.registers);
    if (!mask) {
        force_signal({.signal = Signal::Segv});
        return 0ULL;
    }
    set_blocked_signals(task, *mask);
    return context.registers.result();
}

Result<> sys_rt_sigpending(Context&, OutBytes<1> out, Size set_size) {
    if (set_size > sizeof(u64)) return Error::Einval;
    if (set_size == 0) return {};
    Task& task = current_task();
    u64 pending;
    {
        auto state = task.process->signals.lock();
        pending = ((task.signals(*state).pending.set() | state->pending.set()) & task.blocked()).bits();
    }
    return vm::write_user(out.address,
                          {reinterpret_cast<const u8*>(&pending), set_size});  // SAFETY: bytes of an integer
}

Result<> sys_rt_sigsuspend(Context&, vm::UserIn<SignalMask> in, SignalSetSize set_size) {
    if (set_size != sizeof(u64)) return Error::Einval;
    Task& task = current_task();
    const SignalSet wanted(TRY(in.read()));
    task.saved_mask = task.blocked();
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

/// Checks whether the caller may send the signal. Errors: Einval, Eperm.
static Result<> check_sending(Process& target, i32 number) {
    if (number != 0 && !is_valid_signal(number)) return Error::Einval;
    const bool is_allowed = &target == current_task().process.get() ||
                            may_signal(current_task(), target, static_cast<Signal>(number));
    return is_allowed ? Result<>() : Error::Eperm;
}

static Result<> signal_one(Task& sender, Process& target, i32 number) {
    TRY(check_sending(target, number));
    if (number == 0) return {};
    return send_signal(target, info_from(sender, static_cast<Signal>(number), signal_code::USER));
}

/// Sends a signal to many processes. Succeeds if it could be sent to at least one.
static Result<> signal_many(Task& sender, i32 number, Vector<Ref<Process>> targets) {
    Result<> answer = Error::Esrch;
    bool succeeded = false;
    for (Ref<Process>& entry : targets) {
        const Ref<Process> target = std::move(entry);  // dropped here, not all of them at the end
        const Result<> result = signal_one(sender, *target, number);
        succeeded |= result.has_value();
        answer = result;
        scheduler::preempt_point();
    }
    if (succeeded) return {};
    return answer;
}

Result<> sys_kill(Context&, PidOf<PidUse::ProcessOrGroup> pid, SignalOrNone number) {
    Task& sender = current_task();
    if (pid.value > 0) {
        const Ref<Task> target = PROCESSES.find_task(pid.value);
        if (!target) return Error::Esrch;
        TRY(check_sending(*target->process, number.value));
        if (number.value == 0) return {};
        return send_signal_by_task(*target,
                                   info_from(sender, static_cast<Signal>(number.value), signal_code::USER));
    }
    if (pid.value == INT32_MIN) return Error::Esrch;
    // All of them first: who gets a signal may change groups.
    Vector<Ref<Process>> targets;
    const SendingToMany sending;
    if (pid.value != -1) {
        const Pid group = pid.value == 0 ? PROCESSES.group_of(*sender.process) : -pid.value;
        targets = TRY(PROCESSES.members_of(group));
        return signal_many(sender, number.value, std::move(targets));
    }
    targets = TRY(PROCESSES.all_that([&](const Process& process) {
        return process.pid() != FIRST_PID && process.pid() != sender.process->pid();
    }));
    return signal_many(sender, number.value, std::move(targets));
}

/// Sends a signal to one task. `group`: the process that the task must belong to; 0: any.
static Result<> signal_task(Pid group, Pid tid, i32 number) {
    const Ref<Task> task = PROCESSES.find_task(tid);
    if (!task || (group != 0 && task->process->pid() != group)) return Error::Esrch;
    TRY(check_sending(*task->process, number));
    if (number == 0) return {};
    return send_signal_to_task(*task,
                               info_from(current_task(), static_cast<Signal>(number), signal_code::TKILL));
}

Result<> sys_tkill(Context&, PidOf<PidUse::Thread> tid, SignalOrNone number) {
    if (tid.value <= 0) return Error::Einval;
    return signal_task(0, tid.value, number.value);
}
Result<> sys_tgkill(Context&, PidOf<PidUse::Process> group, PidOf<PidUse::Thread> tid, SignalOrNone number) {
    if (group.value <= 0 || tid.value <= 0) return Error::Einval;
    return signal_task(group.value, tid.value, number.value);
}

/// The largest code of a signal that has codes of its own, else of SIGIO, which any signal can tell of. LINUX: sig_sicodes.
static i32 largest_code(i32 number) {
    switch (static_cast<Signal>(number)) {
        case Signal::Ill: return 11;
        case Signal::Fpe: return 15;
        case Signal::Segv: return 9;
        case Signal::Bus: return 5;
        case Signal::Sys: return 2;
        default: return 6;  // SIGTRAP and SIGCHLD have six too
    }
}

/// What the bytes of a siginfo mean is known by its code. LINUX: known_siginfo_layout.
static bool has_known_meaning(i32 number, i32 code) {
    constexpr i32 LEAST_USUAL = -7;   // SI_DETHREAD
    constexpr i32 NAME_LOOKUP = -60;  // SI_ASYNCNL
    if (code > signal_code::USER) return code == signal_code::KERNEL || code <= largest_code(number);
    return code >= LEAST_USUAL || code == NAME_LOOKUP;
}

Result<SignalInfo> read_given_info(vm::UserIn<abi::siginfo> in, i32 number, NumberOf from) {
    const auto given = TRY(vm::UserIn<abi::kept_siginfo>(in.address()).read());
    const i32 meant = from == NumberOf::Call ? number : given.si_signo;
    if (!has_known_meaning(meant, given.si_code)) [[unlikely]] {
        const auto rest = TRY(vm::UserIn<abi::siginfo_rest>(in.address() + sizeof(given)).read());
        for (const u64 word : rest.words)
            if (word != 0) return Error::E2big;
    }
    if (meant != number) return Error::Einval;
    return SignalInfo{.signal = static_cast<Signal>(number),
                      .is_as_given = true,
                      .code = given.si_code,
                      .error = given.si_errno,
                      .sender = static_cast<i32>(given.words[0]),
                      .sender_uid = static_cast<u32>(given.words[0] >> 32),
                      .status = static_cast<i32>(given.words[1]),
                      .value = given.words[1],
                      .key = static_cast<u32>(given.padding_),
                      .user_time = static_cast<i64>(given.words[2]),
                      .system_time = static_cast<i64>(given.words[3])};
}

Result<> check_pretence(Pid target, const SignalInfo& info) {
    const bool pretends = info.code >= 0 || info.code == signal_code::TKILL;
    return pretends && target != current_task().tid() ? Error::Eperm : Result<>();
}

Result<> sys_rt_sigqueueinfo(Context&, PidOf<PidUse::Process> pid, SignalOrNone number,
                             vm::UserIn<abi::siginfo> in) {
    const SignalInfo info = TRY(read_given_info(in, number.value, NumberOf::Call));
    TRY(check_pretence(pid.value, info));
    const Ref<Task> target = PROCESSES.find_task(pid.value);
    if (!target) return Error::Esrch;
    TRY(check_sending(*target->process, number.value));
    if (number.value == 0) return {};
    return send_signal_by_task(*target, info);
}

Result<> sys_rt_tgsigqueueinfo(Context&, PidOf<PidUse::Process> group, PidOf<PidUse::Thread> tid,
                               SignalOrNone number, vm::UserIn<abi::siginfo> in) {
    const SignalInfo info = TRY(read_given_info(in, number.value, NumberOf::Call));
    if (group.value <= 0 || tid.value <= 0) return Error::Einval;
    TRY(check_pretence(tid.value, info));
    const Ref<Task> task = PROCESSES.find_task(tid.value);
    if (!task || task->process->pid() != group.value) return Error::Esrch;
    TRY(check_sending(*task->process, number.value));
    if (number.value == 0) return {};
    return send_signal_to_task(*task, info);
}

// ---- The alternate stack

Result<> sys_sigaltstack(Context& context, OrNull<vm::UserIn<abi::stack_t>> in,
                         OrNull<vm::UserOut<abi::stack_t>> out) {
    Task& task = current_task();
    const u64 stack_pointer = context.registers.stack_pointer();
    const AlternateStack& stack = task.alternate_stack;
    const u32 flags = stack_flags(task, stack_pointer) | (stack.flags & AlternateStack::AUTO_DISARM);
    const abi::stack_t old{stack.base, static_cast<i32>(flags), 0, stack.size};
    if (!in.is_null()) TRY(set_alternate_stack(task, TRY(in.read()), stack_pointer));
    if (!out.is_null()) TRY(out.write(old));
    return {};
}

}  // namespace exo::posix_x
