#include "posix_x/signal/job_control.hpp"

#include "posix_x/process/process_tree.hpp"
#include "posix_x/process/wait.hpp"

namespace exo::posix_x {

namespace {

Ref<Process> parent_of(Process& process) {
    auto tree = PROCESSES.lock();
    return Ref<Process>(process.links(*tree).parent);
}

bool wants_stop_reports(Process& parent) {
    auto state = parent.signals.lock();
    return state->actions != nullptr &&
           (state->actions->of(Signal::Chld).flags & SignalAction::NO_CHILD_STOP) == 0;
}

/// The task of `parent` that made the process, if it lives and is not the leader; else null.
Ref<Task> parent_thread_of(TreeState& tree, const Process& process, const Process& parent) {
    const Process::Links& links = process.links(tree);
    if (links.parent_tid == parent.pid()) return nullptr;
    Task* task = tree.threads.find(links.parent_tid);
    const bool is_it = task != nullptr && task->process.get() == &parent && task->place == links.parent_place;
    return is_it ? Ref<Task>(task) : nullptr;
}

}  // namespace

void notify_parent(Process& process, Signal signal, i32 code, i32 status) {
    if (const Ref<Process> parent = parent_of(process)) notify(*parent, process, signal, code, status);
}

void notify(Process& parent, Process& process, Signal signal, i32 code, i32 status) {
    const bool is_stop_report = code == signal_code::CHILD_STOPPED || code == signal_code::CHILD_CONTINUED;
    if (signal != Signal::None && (!is_stop_report || wants_stop_reports(parent))) {
        constexpr time::Nanoseconds CLOCK_TICK = 10 * time::MILLISECOND;
        SignalInfo info{.signal = signal, .code = code, .sender = process.pid(), .status = status};
        Ref<Task> maker;
        {
            auto tree = PROCESSES.lock();
            maker = parent_thread_of(*tree, process, parent);
            const ResourceUsage& usage = process.links(*tree).usage;
            info.user_time = static_cast<i64>(usage.user_time / CLOCK_TICK);
            info.system_time = static_cast<i64>(usage.system_time / CLOCK_TICK);
        }
        if (const Ref<Identity> owner = identity_of(process)) info.sender_uid = owner->uid;
        // Standard signals cannot fail. LINUX: do_notify_parent asks the thread that made the child first.
        (void)(maker ? send_signal_by_task(*maker, info) : send_signal(parent, info));
    }
    wake_waits_for(parent, process);
}

void report_continued(Process& process) {
    {
        auto tree = PROCESSES.lock();
        if (process.state != ProcessState::Stopped) return;
        process.state = ProcessState::Running;
        Process::Links& links = process.links(*tree);
        links.stop_is_reportable = false;
        links.continue_is_reportable = true;
    }
    notify_parent(process, Signal::Chld, signal_code::CHILD_CONTINUED, static_cast<i32>(Signal::Cont));
}

void report_stop_if_whole(Process& process) {
    Signal signal;
    {
        auto tree = PROCESSES.lock();
        auto state = process.signals.lock();
        // SIGCONT or SIGKILL may have come in between.
        if (!state->is_stopping || state->is_exiting || process.state == ProcessState::Stopped) return;
        if (state->live_tasks == 0 || state->stopped_tasks != state->live_tasks) return;
        signal = state->stop_signal;
        process.state = ProcessState::Stopped;
        Process::Links& links = process.links(*tree);
        links.wait_status = WaitStatus::stopped(signal);
        links.stop_is_reportable = true;
        links.continue_is_reportable = false;
    }
    notify_parent(process, Signal::Chld, signal_code::CHILD_STOPPED, static_cast<i32>(signal));
}

void stop_current() {
    Task& task = current_task();
    Process& process = *task.process;
    {
        auto state = process.signals.lock();
        if (!state->is_stopping || state->must_end(task)) return;
        (void)state->tell_some();
        ++state->stopped_tasks;
    }
    report_stop_if_whole(process);
    // Killable: only what ends the task ends the wait before SIGCONT does.
    (void)process.continued.wait(scheduler::WaitMode::Killable,
                                 [&] { return !process.signals.lock()->is_stopping; });
    {
        auto state = process.signals.lock();
        --state->stopped_tasks;
    }
    auto tree = PROCESSES.lock();
    if (process.state == ProcessState::Stopped) process.state = ProcessState::Running;
}

void signal_if_orphaned(const LostTie& tie) {
    const auto [group, session, parents_group, parents_session] = tie;
    if (parents_session != session || parents_group == group) return;  // this tie did not count
    bool has_stopped_member = false;
    const bool is_tied = PROCESSES.any_member(group, [&](TreeState& tree, Process& member) {
        has_stopped_member |= member.links(tree).session == session && member.state == ProcessState::Stopped;
        return ties_group_to_session(tree, member);
    });
    if (is_tied || !has_stopped_member) return;
    send_signal_to_group(group, {.signal = Signal::Hup});
    send_signal_to_group(group, {.signal = Signal::Cont});
}

}  // namespace exo::posix_x
