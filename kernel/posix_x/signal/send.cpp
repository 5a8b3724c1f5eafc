// Sending: what becomes of a signal before its process sees it (signal(7); the order of steps is Linux's).
#include "posix_x/process/process_tree.hpp"
#include "posix_x/process/signals.hpp"
#include "posix_x/signal/job_control.hpp"

namespace exo::posix_x {

namespace {

using SignalGuard = decltype(Process::signals)::Guard;

/// SIGCONT undoes stops and the other way round, whether they are then blocked, ignored or handled.
/// True: the process was stopped and goes on; its parent is to be told.
bool cancel_opposites(Process& process, Process::Signals& state, Signal signal) {
    if (STOP_SIGNALS.has(signal)) {
        state.pending.discard(SignalSet::of(Signal::Cont));
        if (state.task != nullptr) state.task->pending.discard(SignalSet::of(Signal::Cont));
        return false;
    }
    if (signal != Signal::Cont && signal != Signal::Kill) return false;
    if (signal == Signal::Cont) {
        state.pending.discard(STOP_SIGNALS);
        if (state.task != nullptr) state.task->pending.discard(STOP_SIGNALS);
    }
    if (!state.is_stopping) return false;
    state.is_stopping = false;
    process.continued.wake_all();
    return signal == Signal::Cont;
}

/// A blocked signal stays pending even if it would be ignored: its action may change before it is unblocked.
bool is_dropped(const Process& process, Process::Signals& state, Signal signal) {
    if (state.task == nullptr || state.is_exiting) return true;
    if (process.pid() == FIRST_PID && UNBLOCKABLE_SIGNALS.has(signal)) return true;
    // Init gets only what it has a handler for (pid_namespaces(7)); what its own faults force does not come this way.
    if (state.is_unkillable && state.actions->of(signal).handler == SignalAction::DEFAULT &&
        !state.task->blocked.has(signal))
        return true;
    return state.actions->of(signal).ignores(signal) && !state.task->blocked.has(signal);
}

/// LINUX: complete_signal. A signal that will end the process does so at once: the task takes no other one before, waits
/// no longer for what only SIGKILL could end, and the signal stays queued until the zombie goes. Core dumps are left to
/// delivery.
bool is_fatal_at_once(const Process::Signals& state, Signal signal) {
    const Task& task = *state.task;
    if (signal == Signal::Kill) return true;
    const SignalAction& action = state.actions->of(signal);
    if (action.handler != SignalAction::DEFAULT || default_action(signal) != DefaultAction::Terminate)
        return false;
    // LINUX: that it waits for the signal does not save it, only that it has blocked it too (sigtimedwait's real_blocked).
    if (task.blocked.has(signal) || state.is_stopping) return false;
    // One that has a signal already looks for itself before it goes on.
    return task.thread == &scheduler::current_thread() || !task.thread->has_work(scheduler::Work::Signal);
}

void wake_for(Process::Signals& state, Signal signal) {
    Task& task = *state.task;
    if (is_fatal_at_once(state, signal)) {
        state.is_exiting = true;
        state.exit_status = WaitStatus::killed(signal, false);
        scheduler::interrupt(*task.thread, scheduler::Work::Kill | scheduler::Work::Signal);
    } else if (!task.blocked.has(signal) || task.awaited.has(signal))
        scheduler::interrupt(*task.thread, scheduler::Work::Signal);
}

/// LINUX: what a standard signal's details take is not bounded, unless a program has made them up (__sigqueue_alloc).
u64 most_queued(const Process& process, const SignalInfo& info) {
    const bool is_bounded = info.signal >= Signal::FirstRealtime || info.code < 0;
    return is_bounded ? process.limit(Resource::PendingSignals) : NO_LIMIT;
}

/// Who takes it: any task of the process, or one.
enum class Receiver : u8 { Process, Task };

Result<> send(Process& process, Receiver receiver, const SignalInfo& info) {
    bool is_continuing = false;
    Result<> result;
    {
        auto state = process.signals.lock();
        is_continuing = cancel_opposites(process, *state, info.signal);
        if (!is_dropped(process, *state, info.signal)) {
            PendingSignals& pending = receiver == Receiver::Task ? state->task->pending : state->pending;
            result = pending.add(info, state->task->real_user(), most_queued(process, info));
            if (result) wake_for(*state, info.signal);
        }
    }
    if (is_continuing) report_continued(process);
    return result;
}

}  // namespace

bool may_signal(Task& sender, Process& target, Signal signal) {
    if (target.pid() == sender.process->pid() || sender.identity->can(Capability::Kill)) return true;
    const Identity& from = *sender.identity;
    Ref<Identity> to = identity_of(target);
    if (to && (from.euid == to->suid || from.euid == to->uid || from.uid == to->suid || from.uid == to->uid))
        return true;
    if (signal != Signal::Cont) return false;
    auto tree = PROCESSES.lock();
    return target.session == sender.process->session;
}

SignalInfo info_from(Task& sender, Signal signal, i32 code) {
    return {
        .signal = signal, .code = code, .sender = sender.process->pid(), .sender_uid = sender.identity->uid};
}

Result<> send_signal(Process& process, const SignalInfo& info) {
    return send(process, Receiver::Process, info);
}

Result<> send_signal_to_task(Process& process, const SignalInfo& info) {
    return send(process, Receiver::Task, info);
}

void force_signal(const SignalInfo& info) {
    Task& task = current_task();
    auto state = task.process->signals.lock();
    SignalAction& action = state->actions->of(info.signal);
    if (task.blocked.has(info.signal) || action.handler == SignalAction::IGNORE) {
        action.handler = SignalAction::DEFAULT;
        task.blocked.remove(info.signal);
    }
    if (action.handler == SignalAction::DEFAULT) state->is_unkillable = false;
    // Without memory for the entry the signal itself is still noted.
    (void)task.pending.add(info, task.identity->uid, NO_LIMIT);
    task.thread->add_work(scheduler::Work::Signal);
}

void send_signal_to_group(i32 pgid, const SignalInfo& info) {
    // References first: sending may tell parents, which takes the tree's lock itself.
    Result<Vector<Ref<Process>>> members = Error::Enomem;
    const auto no_births = PROCESSES.keep_out_births();
    members = PROCESSES.members_of(pgid);
    if (members) {
        // This loop passes no preemption point. The sender keeps fork out, and a sender that gave way would wait for a time slice of
        // each process that it is about to end. The number of process ids bounds the loop.
        for (const Ref<Process>& process : *members) (void)send_signal(*process, info);
        return;
    }
    // Without memory for the list, all processes are gone through.
    PROCESSES.for_each([&](Process& process) {
        if (process.group == pgid) (void)send_signal(process, info);
    });
}

bool has_deliverable_signal(Task& task) {
    auto state = task.process->signals.lock();
    return !((task.pending.set() | state->pending.set()) & ~task.blocked).is_empty() || state->is_stopping ||
           state->is_exiting;
}

}  // namespace exo::posix_x
