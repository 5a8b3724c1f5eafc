#include "posix_x/procfs/process_view.hpp"

#include "posix_x/process/usage.hpp"
#include "posix_x/terminal/terminal.hpp"

namespace exo::posix_x::procfs {

namespace {

/// The tree is locked.
void copy_relations(Process& process, ProcessView& view) {
    view.state = process.state;
    view.has_executed = process.has_executed;
    view.parent = process.parent_pid();
    view.group = process.group;
    view.session = process.session;
    if (const Ref<Terminal> terminal = controlling_terminal(process)) {
        view.terminal = terminal->number().encoded();
        view.foreground = terminal->foreground_group_locked();
    }
    view.exit_signal = process.exit_signal;
    if (view.is_zombie()) view.exit_word = process.wait_status.word;
    view.usage = process.usage;
    view.children_usage = process.children_usage;
    std::copy_n(process.last_name, sizeof(view.name), view.name);
}

/// The signal lock is held, so the task is alive and its thread too.
void copy_task(Process::Signals& state, Task& task, ProcessView& view) {
    const scheduler::Thread& thread = *task.thread;
    std::fill_n(view.name, sizeof(view.name), '\0');
    thread.name().copy(view.name, sizeof(view.name) - 1);
    const scheduler::ThreadState thread_state = thread.state();
    view.is_running =
        thread_state == scheduler::ThreadState::Running || thread_state == scheduler::ThreadState::Ready;
    view.is_deaf_to_signals = !view.is_running && thread.wait_mode() != scheduler::WaitMode::Interruptible;
    view.usage = to_usage(thread.cpu_use());
    view.pending = task.pending.set();
    view.process_pending = state.pending.set();
    view.blocked = task.blocked;
    for (u32 number = 1; number <= SIGNAL_COUNT && state.actions; ++number) {
        const auto signal = static_cast<Signal>(number);
        const SignalAction& action = state.actions->of(signal);
        if (action.handler == SignalAction::IGNORE) view.ignored.add(signal);
        if (action.has_handler()) view.caught.add(signal);
    }
    auto guard = task.task_lock.lock();
    view.places = task.places;
    view.is_dumpable = task.is_dumpable;
    view.identity = task.identity;
    view.space = task.space;
    view.paths = task.paths;
    view.executable = task.executable;
    view.files = task.files.table();
}

}  // namespace

Result<ProcessView> look_at(Process& process) {
    ProcessView view;
    view.nice = process.nice;
    view.scheduling = process.scheduling;
    view.started_at = process.started_at;
    {
        auto tree = PROCESSES.lock();
        copy_relations(process, view);
    }
    if (view.state == ProcessState::Reaped) return Error::Esrch;
    auto state = process.signals.lock();
    view.identity = state->last_identity;
    if (state->task != nullptr) copy_task(*state, *state->task, view);
    return view;
}

char ProcessView::state_letter() const {
    switch (state) {
        case ProcessState::Running: return is_running ? 'R' : is_deaf_to_signals ? 'D' : 'S';
        case ProcessState::Stopped: return 'T';
        case ProcessState::Zombie: return 'Z';
        case ProcessState::Reaped: return 'X';
    }
}

std::string_view ProcessView::state_name() const {
    switch (state_letter()) {
        case 'R': return "running";
        case 'S': return "sleeping";
        case 'D': return "disk sleep";
        case 'T': return "stopped";
        case 'Z': return "zombie";
        default: return "dead";
    }
}

Result<> check_trace_access(const Process& process, const ProcessView& view,
                            const fs::Credentials& credentials) {
    Task* caller = current_task_or_null();
    if (caller == nullptr || caller->process.get() == &process) return {};
    if ((credentials.privileges >> static_cast<u32>(Capability::SysPtrace) & 1) != 0) return {};
    if (!view.identity) return Error::Eacces;
    const Identity& other = *view.identity;
    const UserId uid = credentials.uid;
    const GroupId gid = credentials.gid;
    const bool is_same = uid == other.uid && uid == other.euid && uid == other.suid && gid == other.gid &&
                         gid == other.egid && gid == other.sgid;
    if (!is_same || !view.is_dumpable) return Error::Eacces;
    // LINUX: cap_ptrace_access_check. Who has more capabilities than the caller is not the caller's to look into.
    if ((other.permitted & ~credentials.privileges) != 0) return Error::Eacces;
    return {};
}

Result<> check_trace_access(const Process& process, const ProcessView& view) {
    Task* caller = current_task_or_null();
    if (caller == nullptr) return {};
    return check_trace_access(process, view, caller->credentials());
}

}  // namespace exo::posix_x::procfs
