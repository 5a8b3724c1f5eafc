// Delivery of signals, before the return to user mode. This file decides what each pending signal does.
#include "posix_x/lifecycle/deliver.hpp"

#include "log/log.hpp"
#include "posix_x/lifecycle/exit.hpp"
#include "posix_x/process/process_tree.hpp"
#include "posix_x/scheduling/rseq.hpp"
#include "posix_x/signal/job_control.hpp"
#include "posix_x/signal/signal_mask.hpp"
#include "posix_x/trace/trace.hpp"
#include "posix_x/x86_64/signal_frame.hpp"
#include "syscall/restart.hpp"

namespace exo::posix_x {

namespace {

/// The effect of the next pending signal.
struct Decision {
    enum class Kind : u8 {
        Nothing,
        Ignore,
        Handle,
        Stop,
        Terminate,
        WaitForContinue,
        Exit
    } kind = Kind::Nothing;
    SignalInfo info{};
    SignalAction action{};
    WaitStatus status{};
};

/// Decides the default action of `decision.info`.
void decide_default(Process::Signals& state, Decision& decision) {
    const Signal signal = decision.info.signal;
    switch (default_action(signal)) {
        case DefaultAction::Ignore: decision.kind = Decision::Kind::Ignore; return;
        case DefaultAction::Stop: decision.kind = Decision::Kind::Stop; return;
        case DefaultAction::Terminate:
        case DefaultAction::CoreDump:
            // No core files are written, so the status says that none was.
            state.begin_exit(WaitStatus::killed(signal, false), &current_task());
            decision.kind = Decision::Kind::Terminate;
            decision.status = state.exit_status;
    }
}

/// Decides the effect of the signal `decision.info`.
void decide_taken(Process::Signals& state, Decision& decision) {
    const Signal signal = decision.info.signal;
    if (signal == Signal::Kill) return decide_default(state, decision);
    decision.action = state.actions->take(signal);
    if (decision.action.handler == SignalAction::IGNORE)
        decision.kind = Decision::Kind::Ignore;
    else if (decision.action.handler != SignalAction::DEFAULT)
        decision.kind = Decision::Kind::Handle;
    else if (state.is_unkillable)
        decision.kind = Decision::Kind::Ignore;  // it had blocked the signal when that was sent
    else
        decide_default(state, decision);
}

/// Decides about the next pending signal. `decision` may be that about an earlier one.
void decide(Task& task, Decision& decision) {
    decision.kind = Decision::Kind::Nothing;
    decision.info.signal = Signal::None;
    auto state = task.process->signals.lock();
    if (state->must_end(task)) {
        decision.kind = Decision::Kind::Exit;
        decision.status = state->exit_status;
        // The signal that ends the process stays queued; in a trace one of its tasks tells of it all the same.
        const Signal fatal = state->exit_status.signal();
        if (state->exit_status.was_killed() && state->leader.get() == &task &&
            !state->pending.look_at(fatal, decision.info))
            (void)task.signals(*state).pending.look_at(fatal, decision.info);
    } else if (state->is_stopping) {
        decision.kind = Decision::Kind::WaitForContinue;
    } else {
        const SignalSet wanted = ~task.blocked();
        const bool is_own = task.signals(*state).pending.take(wanted, decision.info);
        if (!is_own && !state->pending.take(wanted, decision.info)) return;
        decide_taken(*state, decision);
        const bool is_of_timer =
            decision.info.code == signal_code::TIMER || decision.info.signal == Signal::Alrm;
        if (!is_of_timer) return;
        state.unlock();
        TakenSignal taken{decision.info, !is_own};
        has_taken(*task.process, taken);
        decision.info = taken.info;
    }
}

/// Stops the process. SIGTSTP, SIGTTIN and SIGTTOU do not stop an orphaned group, because no shell could
/// continue it.
void take_stop(Task& task, Signal signal) {
    Process& process = *task.process;
    if (signal != Signal::Stop && PROCESSES.is_orphaned(PROCESSES.group_of(process))) return;
    {
        auto state = process.signals.lock();
        // SIGCONT or SIGKILL that came since the signal was taken wins.
        const SignalSet pending = state->pending.set() | task.signals(*state).pending.set();
        if (state->is_exiting || pending.has(Signal::Cont) || pending.has(Signal::Kill)) return;
        state->is_stopping = true;
        state->stop_signal = signal;
        state->next_to_tell = state->tasks.front();
    }
    tell_tasks(process);
    trace::report_stop(task, signal);
    stop_current();
}

void run_handler(Task& task, const Decision& decision, arch::UserRegisters& registers) {
    const bool restarts = (decision.action.flags & SignalAction::RESTART) != 0;
    syscall::resolve_restart(
        registers, restarts ? syscall::NextHandler::WithRestart : syscall::NextHandler::WithoutRestart);
    const SignalSet old_mask = task.has_saved_mask ? task.saved_mask : task.blocked();
    if (!leave_sequence(task, registers) ||
        !push_signal_frame(task, decision.info, decision.action, old_mask, registers)) {
        // No room on its stack, or a bad area of rseq(2). If it was SIGSEGV itself that could not be delivered, the default action follows.
        if (decision.info.signal == Signal::Segv) task.process->own_actions().set_default(Signal::Segv);
        force_signal({.signal = Signal::Segv});
        return;
    }
    task.has_saved_mask = false;
    SignalSet blocked = task.blocked() | decision.action.mask;
    if ((decision.action.flags & SignalAction::NO_DEFER) == 0) blocked.add(decision.info.signal);
    set_blocked_signals(task, blocked);
}

}  // namespace

void deliver_signals(arch::UserRegisters& registers) {
    Task& task = current_task();
    task.thread->clear_work(scheduler::Work::Signal | scheduler::Work::Personality);
    Decision decision;
    while (true) {
        decide(task, decision);
        if (decision.info.signal != Signal::None) trace::report_signal(task, decision.info);
        switch (decision.kind) {
            case Decision::Kind::Nothing:
                syscall::resolve_restart(registers, syscall::NextHandler::None);
                if (task.has_saved_mask) {
                    task.has_saved_mask = false;
                    set_blocked_signals(task, task.saved_mask);
                }
                return;
            case Decision::Kind::Ignore: break;
            case Decision::Kind::Handle:
                run_handler(task, decision, registers);
                // Who sends another one adds this work, as does a change of the mask that lets a pending one through.
                if (!task.thread->has_work(scheduler::Work::Signal)) return;
                task.thread->clear_work(scheduler::Work::Signal);
                break;
            case Decision::Kind::Stop: take_stop(task, decision.info.signal); break;
            case Decision::Kind::WaitForContinue: stop_current(); break;
            case Decision::Kind::Terminate: tell_tasks(*task.process); [[fallthrough]];
            case Decision::Kind::Exit: exit_current_task(decision.status);
        }
    }
}

void return_to_program(arch::UserRegisters& registers) {
    using scheduler::Work;
    Task& task = current_task();
    if (task.thread->has_work(Work::Signal | Work::Kill | Work::Personality)) deliver_signals(registers);
    if (task.thread->has_work(Work::Rseq)) resume_sequence(task, registers);
}

}  // namespace exo::posix_x
