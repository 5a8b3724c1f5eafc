// Delivery: the last thing before user mode. One place decides what each pending signal does.
#include "posix_x/lifecycle/deliver.hpp"

#include "log/log.hpp"
#include "posix_x/lifecycle/exit.hpp"
#include "posix_x/process/process_tree.hpp"
#include "posix_x/signal/job_control.hpp"
#include "posix_x/signal/signal_mask.hpp"
#include "posix_x/x86_64/signal_frame.hpp"
#include "syscall/restart.hpp"

namespace exo::posix_x {

namespace {

void deliver_real_timer(Process& process) {
    RealTimer& timer = process.real_timer;
    if (!timer.has_expired.exchange(false)) return;
    (void)send_signal(process, {.signal = Signal::Alrm});  // standard signals cannot fail
    if (timer.interval == 0) {
        timer.deadline = time::Deadline::never();
        return;
    }
    // From the last expiry on, so that no drift builds up; expiries that were missed are not made up for.
    const time::Nanoseconds now = time::monotonic();
    const time::Nanoseconds late = now > timer.deadline.at ? now - timer.deadline.at : 0;
    timer.deadline.at += (late / timer.interval + 1) * timer.interval;
    timer.arm(timer.deadline);
}

/// What the next pending signal asks for.
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

Decision decide_default(Process::Signals& state, const SignalInfo& info) {
    switch (default_action(info.signal)) {
        case DefaultAction::Ignore: return {.kind = Decision::Kind::Ignore};
        case DefaultAction::Stop: return {.kind = Decision::Kind::Stop, .info = info};
        case DefaultAction::Terminate:
        case DefaultAction::CoreDump:
            state.is_exiting = true;
            // No core files are written, so the status says that none was.
            state.exit_status = WaitStatus::killed(info.signal, false);
            return {.kind = Decision::Kind::Terminate, .info = info, .status = state.exit_status};
    }
}

Decision decide(Task& task) {
    auto state = task.process->signals.lock();
    if (state->is_exiting) return {.kind = Decision::Kind::Exit, .status = state->exit_status};
    if (state->is_stopping)
        return {.kind = Decision::Kind::WaitForContinue, .info = {.signal = state->stop_signal}};
    const SignalSet wanted = ~task.blocked;
    SignalInfo info;
    if (!task.pending.take(wanted, info) && !state->pending.take(wanted, info)) return {};
    SignalAction& action = state->actions->of(info.signal);
    if (info.signal == Signal::Kill) return decide_default(*state, info);
    if (action.handler == SignalAction::IGNORE) return {.kind = Decision::Kind::Ignore};
    if (action.handler == SignalAction::DEFAULT) {
        // An unkillable process may have blocked the signal when it was sent.
        if (state->is_unkillable) return {.kind = Decision::Kind::Ignore};
        return decide_default(*state, info);
    }
    const Decision decision{.kind = Decision::Kind::Handle, .info = info, .action = action};
    if ((action.flags & SignalAction::RESET_HANDLER) != 0) action.handler = SignalAction::DEFAULT;
    return decision;
}

/// SIGTSTP, SIGTTIN and SIGTTOU do not stop an orphaned group: nobody could continue it.
void take_stop(Task& task, Signal signal) {
    Process& process = *task.process;
    if (signal != Signal::Stop) {
        auto tree = PROCESSES.lock();
        if (tree->is_orphaned_group(process.group, nullptr)) return;
    }
    {
        auto state = process.signals.lock();
        // SIGCONT or SIGKILL that came since the signal was taken wins.
        if (state->is_exiting || (state->pending.set() | task.pending.set()).has(Signal::Cont) ||
            (state->pending.set() | task.pending.set()).has(Signal::Kill))
            return;
        state->is_stopping = true;
        state->stop_signal = signal;
    }
    stop_current(signal);
}

void run_handler(Task& task, const Decision& decision, arch::UserRegisters& registers) {
    const bool restarts = (decision.action.flags & SignalAction::RESTART) != 0;
    syscall::resolve_restart(
        registers, restarts ? syscall::NextHandler::WithRestart : syscall::NextHandler::WithoutRestart);
    const SignalSet old_mask = task.has_saved_mask ? task.saved_mask : task.blocked;
    if (!push_signal_frame(task, decision.info, decision.action, old_mask, registers)) {
        // No room on its stack. If it was SIGSEGV itself that could not be delivered, the default action follows.
        if (decision.info.signal == Signal::Segv) {
            auto state = task.process->signals.lock();
            state->actions->of(Signal::Segv).handler = SignalAction::DEFAULT;
        }
        force_signal({.signal = Signal::Segv});
        return;
    }
    task.has_saved_mask = false;
    SignalSet blocked = task.blocked | decision.action.mask;
    if ((decision.action.flags & SignalAction::NO_DEFER) == 0) blocked.add(decision.info.signal);
    set_blocked_signals(task, blocked);
}

}  // namespace

void deliver_signals(arch::UserRegisters& registers) {
    Task& task = current_task();
    task.thread->clear_work(scheduler::Work::Signal | scheduler::Work::Personality);
    deliver_real_timer(*task.process);
    check_cpu_timers(task);
    while (true) {
        const Decision decision = decide(task);
        switch (decision.kind) {
            case Decision::Kind::Nothing:
                syscall::resolve_restart(registers, syscall::NextHandler::None);
                if (task.has_saved_mask) {
                    task.has_saved_mask = false;
                    set_blocked_signals(task, task.saved_mask);
                }
                return;
            case Decision::Kind::Ignore: break;
            case Decision::Kind::Handle: run_handler(task, decision, registers); break;
            case Decision::Kind::Stop: take_stop(task, decision.info.signal); break;
            case Decision::Kind::WaitForContinue: stop_current(decision.info.signal); break;
            case Decision::Kind::Terminate:
            case Decision::Kind::Exit: exit_current_task(decision.status);
        }
    }
}

}  // namespace exo::posix_x
