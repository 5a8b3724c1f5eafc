// Sending: the handling of a signal before its process takes it (signal(7); the order of steps is Linux's).
#include "posix_x/process/process_tree.hpp"
#include "posix_x/process/signals.hpp"
#include "posix_x/signal/job_control.hpp"
#include "posix_x/trace/trace.hpp"
#include "scheduler/preemption.hpp"

namespace exo::posix_x {

namespace {

void discard(Process::Signals& state, SignalSet signals) {
    state.pending.discard(signals);
    if ((state.pending_of_tasks & signals).is_empty()) return;
    for (Task& task : state.tasks) task.signals(state).pending.discard(signals);
    state.pending_of_tasks = state.pending_of_tasks & ~signals;
}

/// SIGCONT cancels pending stop signals, and stop signals cancel SIGCONT, whether or not they are blocked,
/// ignored or handled.
/// Returns true if the process was stopped and continues.
[[gnu::noinline]] bool cancel_opposites_of(Process::Signals& state, Signal signal) {
    if (STOP_SIGNALS.has(signal)) {
        discard(state, SignalSet::of(Signal::Cont));
        return false;
    }
    if (signal != Signal::Cont && signal != Signal::Kill) return false;
    if (signal == Signal::Cont) discard(state, STOP_SIGNALS);
    return std::exchange(state.is_stopping, false);
}

[[gnu::always_inline]] inline bool cancel_opposites(Process::Signals& state, Signal signal) {
    constexpr SignalSet STOPPING_OR_CONTINUING =
        STOP_SIGNALS | SignalSet::of(Signal::Cont) | SignalSet::of(Signal::Kill);
    return STOPPING_OR_CONTINUING.has(signal) && cancel_opposites_of(state, signal);
}

/// Whether an ignored signal is dropped. A blocked signal stays pending even if it is ignored, because its
/// action may change before it is unblocked.
/// `target`: the task to which it is sent, or the process's oldest task.
bool is_dropped(const Process& process, Process::Signals& state, const Task& target, Signal signal) {
    if (state.is_exiting) return true;
    if (process.pid() == FIRST_PID && UNBLOCKABLE_SIGNALS.has(signal)) return true;
    const bool is_blocked = target.signals(state).blocked.has(signal);
    // Init gets only what it has a handler for (pid_namespaces(7)); what its own faults force does not come this way.
    if (state.is_unkillable && state.actions->handler(signal) == SignalAction::DEFAULT && !is_blocked)
        return true;
    return !is_blocked && state.actions->ignores(signal);
}

/// Whether the task would take the signal when it runs.
bool admits(const ProcessSignals& state, const Task& task, Signal signal) {
    const Task::Signals& own = task.signals(state);
    return !own.is_ending && (!own.blocked.has(signal) || own.awaited.has(signal));
}

/// LINUX: wants_signal: whether a task that admits the signal should be woken for it. A task that has another
/// signal pending checks for more by itself.
bool takes_next(const Process::Signals& state, const Task& task, Signal signal) {
    if (signal == Signal::Kill) return true;
    if (state.is_stopping) return false;
    return task.thread->state() == scheduler::ThreadState::Running ||
           !task.thread->has_work(scheduler::Work::Signal);
}

/// The task of a process that is woken for a signal. Null: none.
struct Choice {
    Task* taker = nullptr;      ///< Takes it next.
    Task* admitting = nullptr;  ///< Else: takes it some time.
};

/// Chooses `target` if it can take the signal. Otherwise, if the signal is for the whole process, chooses the
/// oldest task that can.
Choice choose(Process::Signals& state, Task& target, bool is_for_process, Signal signal) {
    Choice choice;
    const auto consider = [&](Task& task) {
        if (!admits(state, task, signal)) return false;
        if (choice.admitting == nullptr) choice.admitting = &task;
        if (takes_next(state, task, signal)) choice.taker = &task;
        return choice.taker != nullptr;
    };
    if (consider(target) || !is_for_process) return choice;
    for (Task& task : state.tasks)
        if (consider(task)) break;
    return choice;
}

/// Whether the signal ends the process as soon as a task takes it. Signals that dump core are left to
/// delivery.
bool is_fatal(const Process::Signals& state, const Task& taker, Signal signal) {
    if (signal == Signal::Kill) return true;
    // LINUX: that the task waits for the signal does not save it, only that it has blocked it too (sigtimedwait's real_blocked).
    if (taker.signals(state).blocked.has(signal)) return false;
    return state.actions->handler(signal) == SignalAction::DEFAULT &&
           default_action(signal) == DefaultAction::Terminate;
}

/// LINUX: complete_signal. A signal that will end the process does so at once: its tasks take no other signal
/// before, killable waits end, and the signal stays queued until the zombie is reaped.
void wake_for(Process::Signals& state, Task& target, bool is_for_process, Signal signal) {
    const Choice choice = choose(state, target, is_for_process, signal);
    if (choice.taker != nullptr && is_fatal(state, *choice.taker, signal)) {
        state.begin_exit(WaitStatus::killed(signal, false), nullptr);
        return;
    }
    Task* const woken = choice.taker != nullptr ? choice.taker : choice.admitting;
    if (woken != nullptr) scheduler::interrupt(*woken->thread, scheduler::Work::Signal);
}

/// The limit of queued entries. LINUX: entries of standard signals are not limited, except for those with
/// details that a program made up (__sigqueue_alloc).
u64 most_queued(const Process& process, const SignalInfo& info) {
    const bool is_bounded = info.signal >= Signal::FirstRealtime || info.code < 0;
    return is_bounded ? process.limit(Resource::PendingSignals) : NO_LIMIT;
}

/// Adds a timer's signal. Returns true if it is ignored.
bool add_prepared(Process& process, Process::Signals& state, Task* receiver, PendingSignals::Entry& entry) {
    const Signal signal = entry.info.signal;
    Task& target = receiver != nullptr ? *receiver : *state.tasks.front();
    if (is_dropped(process, state, target, signal)) {
        if (!state.is_exiting) trace::note_ignored_signal(target, entry.info);
        return true;
    }
    if (entry.is_waiting) {
        ++entry.info.sender_uid;  // the overrun
        return false;
    }
    entry.info.sender_uid = 0;
    (receiver != nullptr ? receiver->signals(state).pending : state.pending).add_prepared(entry);
    if (receiver != nullptr) state.pending_of_tasks.add(signal);
    wake_for(state, target, receiver == nullptr, signal);
    return false;
}

enum class Receiver : u8 { Process, Task };

/// Sends a signal. `named`: the task that takes it, or, for a signal to the process, the first candidate;
/// null: the oldest task.
[[gnu::always_inline]] inline SentSignal begin(Process& process, Task* named, Receiver receiver,
                                               const SignalInfo& info, Result<>& result) {
    SentSignal sent;
    auto state = process.signals.lock();
    sent.is_continuing = cancel_opposites(*state, info.signal);
    sent.tells_of_continuing = sent.is_continuing && info.signal == Signal::Cont;
    const bool is_for_task = receiver == Receiver::Task;
    const bool names_living = named != nullptr && named->process_link.is_linked();
    const bool has_ended = is_for_task ? !names_living : state->tasks.is_empty();
    if (has_ended) return sent;
    Task& target = names_living ? *named : *state->tasks.front();
    if (is_dropped(process, *state, target, info.signal)) {
        if (!state->is_exiting) trace::note_ignored_signal(target, info);
        return sent;
    }
    PendingSignals& pending = is_for_task ? target.signals(*state).pending : state->pending;
    result = pending.add(info, target.real_user(), most_queued(process, info));
    if (is_for_task) state->pending_of_tasks.add(info.signal);
    if (result && state->actions->signal_readers.has_waiters()) sent.read = state->actions;
    if (result) wake_for(*state, target, !is_for_task, info.signal);
    sent.must_tell = state->tell_some();
    return sent;
}

Result<> send(Process& process, Task* named, Receiver receiver, const SignalInfo& info) {
    Result<> result;
    const SentSignal sent = begin(process, named, receiver, info, result);
    finish_sending(process, sent);
    return result;
}

}  // namespace

SentSignal begin_sending(Process& process, Task* named, const SignalInfo& info, Result<>& result) {
    return begin(process, named, Receiver::Process, info, result);
}

bool may_signal(Task& sender, Process& target, Signal signal) {
    if (target.pid() == sender.process->pid() || sender.identity().can(Capability::Kill)) return true;
    const Identity& from = sender.identity();
    Ref<Identity> to = identity_of(target);
    if (to && (from.euid == to->suid || from.euid == to->uid || from.uid == to->suid || from.uid == to->uid))
        return true;
    if (signal != Signal::Cont) return false;
    auto tree = PROCESSES.lock();
    return target.links(*tree).session == sender.process->links(*tree).session;
}

SignalInfo info_from(Task& sender, Signal signal, i32 code) {
    return {
        .signal = signal, .code = code, .sender = sender.process->pid(), .sender_uid = sender.identity().uid};
}

SentSignal send_prepared_signal(Process& process, Task* receiver, PendingSignals::Entry& entry,
                                u32 generation) {
    SentSignal sent;
    auto state = process.signals.lock();
    // LINUX: send_sigqueue: a signal for a task that has ended is dropped without an effect.
    if (receiver != nullptr ? !receiver->process_link.is_linked() : state->tasks.is_empty()) return sent;
    entry.info.generation = generation;
    sent.is_continuing = cancel_opposites(*state, entry.info.signal);
    sent.tells_of_continuing = sent.is_continuing && entry.info.signal == Signal::Cont;
    sent.is_ignored = add_prepared(process, *state, receiver, entry);
    if (!sent.is_ignored && state->actions->signal_readers.has_waiters()) sent.read = state->actions;
    sent.must_tell = state->tell_some();
    return sent;
}

void finish_sending(Process& process, const SentSignal& sent) {
    if (sent.read) sent.read->signal_readers.wake_all();
    if (sent.must_tell) tell_tasks(process);
    if (sent.is_continuing) process.continued.wake_all();
    if (sent.tells_of_continuing) report_continued(process);
}

Result<> send_signal(Process& process, const SignalInfo& info) {
    return send(process, nullptr, Receiver::Process, info);
}

Result<> send_signal_by_task(Task& named, const SignalInfo& info) {
    return send(*named.process, &named, Receiver::Process, info);
}

Result<> send_signal_to_task(Task& task, const SignalInfo& info) {
    return send(*task.process, &task, Receiver::Task, info);
}

void discard_pending(Process& process, SignalSet signals) { discard(*process.signals.lock(), signals); }

void force_signal(const SignalInfo& info) {
    Task& task = current_task();
    auto state = task.process->signals.lock();
    SignalActions& actions = *state->actions;
    Ref<SignalActions> read;
    SignalSet& blocked = task.signals(*state).blocked;
    if (blocked.has(info.signal) || actions.handler(info.signal) == SignalAction::IGNORE) {
        actions.set_default(info.signal);
        blocked.remove(info.signal);
    }
    if (actions.handler(info.signal) == SignalAction::DEFAULT) state->is_unkillable = false;
    // Without memory for the entry the signal itself is still noted.
    (void)task.signals(*state).pending.add(info, task.identity().uid, NO_LIMIT);
    state->pending_of_tasks.add(info.signal);
    if (actions.signal_readers.has_waiters()) read = state->actions;
    task.thread->add_work(scheduler::Work::Signal);
    state.unlock();
    if (read) read->signal_readers.wake_all();
}

void send_signal_to_group(i32 pgid, const SignalInfo& info) {
    // References first: sending may tell parents, which takes the tree's lock itself.
    Result<Vector<Ref<Process>>> members = Error::Enomem;
    const SendingToMany sending;
    members = PROCESSES.members_of(pgid);
    if (members) {
        for (Ref<Process>& entry : *members) {
            const Ref<Process> process = std::move(entry);  // dropped here, not all of them at the end
            (void)send_signal(*process, info);
            scheduler::preempt_point();
        }
        return;
    }
    // Without memory for the list, all processes are gone through.
    PROCESSES.for_each([&](Process& process) {
        if (PROCESSES.group_of(process) == pgid) (void)send_signal(process, info);
    });
}

void retarget(ProcessSignals& state, const Task& from, SignalSet signals) {
    const SignalSet left = state.pending.set() & signals;
    if (left.is_empty()) return;
    for (Task& task : state.tasks)
        if (&task != &from && !(left & ~task.signals(state).blocked).is_empty())
            scheduler::interrupt(*task.thread, scheduler::Work::Signal);
}

bool has_deliverable_signal(const ProcessSignals& state, const Task& task) {
    const Task::Signals& own = task.signals(state);
    return !((own.pending.set() | state.pending.set()) & ~own.blocked).is_empty() || state.is_stopping ||
           state.must_end(task);
}

bool has_deliverable_signal(Task& task) {
    auto state = task.process->signals.lock();
    return has_deliverable_signal(*state, task);
}

}  // namespace exo::posix_x
