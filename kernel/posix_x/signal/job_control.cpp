#include "posix_x/signal/job_control.hpp"

#include "posix_x/process/process_tree.hpp"
#include "posix_x/process/wait.hpp"

namespace exo::posix_x {

namespace {

bool wants_stop_reports(Process& parent) {
    auto state = parent.signals.lock();
    return state->actions != nullptr &&
           (state->actions->of(Signal::Chld).flags & SignalAction::NO_CHILD_STOP) == 0;
}

/// The task of `parent` that made the process, if it lives and is not the leader; else null. It lives at least
/// as long as the tree is locked.
Task* parent_thread_of(TreeState& tree, const Process& process, const Process& parent) {
    const Process::Links& links = process.links(tree);
    if (links.parent_tid == parent.pid()) return nullptr;
    Task* task = tree.threads.find(links.parent_tid);
    const bool is_it = task != nullptr && task->process.get() == &parent && task->place == links.parent_place;
    return is_it ? task : nullptr;
}

/// Sends a signal about a child to its parent.
SentSignal send_about(TreeState& tree, Process& parent, Process& child, Signal signal, i32 code, i32 status) {
    constexpr time::Nanoseconds CLOCK_TICK = 10 * time::MILLISECOND;
    SignalInfo info{.signal = signal, .code = code, .sender = child.pid(), .status = status};
    const ResourceUsage& usage = child.links(tree).usage;
    info.user_time = static_cast<i64>(usage.user_time / CLOCK_TICK);
    info.system_time = static_cast<i64>(usage.system_time / CLOCK_TICK);
    if (const Ref<Identity> owner = identity_of(child)) info.sender_uid = owner->uid;
    // Standard signals cannot fail. LINUX: do_notify_parent asks the thread that made the child first.
    Result<> result;
    return begin_sending(parent, parent_thread_of(tree, child, parent), info, result);
}

/// Whether the process does not wait for its children.
bool ignores_children(Process& process) {
    auto state = process.signals.lock();
    if (state->actions == nullptr) return false;
    const SignalAction action = state->actions->of(Signal::Chld);
    return action.handler == SignalAction::IGNORE || (action.flags & SignalAction::NO_CHILD_WAIT) != 0;
}

/// Sends SIGCHLD to the parent of a process that was stopped or continued, and wakes the parent's waits.
void tell_parent_of_stop(Process& process, i32 code, Signal cause) {
    Ref<Process> parent;
    SentSignal sent;
    {
        auto tree = PROCESSES.lock();
        parent = Ref<Process>(process.links(*tree).parent);
        if (!parent) return;
        if (wants_stop_reports(*parent))
            sent = send_about(*tree, *parent, process, Signal::Chld, code, static_cast<i32>(cause));
    }
    finish_sending(*parent, sent);
    wake_waits_for(*parent, process);
}

}  // namespace

ToldParent tell_parent_of_end(TreeState& tree, Process& process) {
    const Process::Links& links = process.links(tree);
    ToldParent told;
    told.parent = Ref<Process>(links.parent);
    if (!told.parent) return told;
    // LINUX: with SA_NOCLDWAIT the parent still gets SIGCHLD.
    told.ignores_children = links.exit_signal == Signal::Chld && ignores_children(*told.parent);
    if (links.exit_signal == Signal::None) return told;
    const WaitStatus status = links.wait_status;
    const bool is_killed = status.was_killed();
    const i32 code = !is_killed                  ? signal_code::CHILD_EXITED
                     : (status.word & 0x80) != 0 ? signal_code::CHILD_DUMPED
                                                 : signal_code::CHILD_KILLED;
    told.sent = send_about(tree, *told.parent, process, links.exit_signal, code,
                           is_killed ? static_cast<i32>(status.signal()) : status.exit_code());
    return told;
}

void finish_telling_of_end(Process& process, const ToldParent& told) {
    if (!told.parent) return;
    finish_sending(*told.parent, told.sent);
    wake_waits_for(*told.parent, process);
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
    tell_parent_of_stop(process, signal_code::CHILD_CONTINUED, Signal::Cont);
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
    tell_parent_of_stop(process, signal_code::CHILD_STOPPED, signal);
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
