#include "posix_x/procfs/process_view.hpp"

#include "posix_x/process/usage.hpp"
#include "posix_x/terminal/terminal.hpp"

namespace exo::posix_x::procfs {

namespace {

void copy_relations(TreeState& tree, Process& process, ProcessView& view) {
    const Process::Links& links = process.links(tree);
    view.state = process.state;
    view.has_executed = links.has_executed;
    view.parent = process.parent_pid();
    view.group = links.group;
    view.session = links.session;
    if (const Ref<Terminal> terminal = controlling_terminal(tree, process)) {
        view.terminal = terminal->number().encoded();
        view.foreground = terminal->foreground_group(tree);
    }
    view.exit_signal = links.exit_signal;
    if (view.is_zombie()) view.exit_word = links.wait_status.word;
    view.usage = links.usage;
    view.children_usage = links.children_usage;
    std::copy_n(links.last_name, sizeof(view.name), view.name);
}

void copy_signals(Process::Signals& state, Task& task, ProcessView& view) {
    view.pending = task.signals(state).pending.set();
    view.process_pending = state.pending.set();
    view.blocked = task.signals(state).blocked;
    for (u32 number = 1; number <= SIGNAL_COUNT && state.actions; ++number) {
        const auto signal = static_cast<Signal>(number);
        const u64 handler = state.actions->handler(signal);
        if (handler == SignalAction::IGNORE) view.ignored.add(signal);
        if (handler > SignalAction::IGNORE) view.caught.add(signal);
    }
}

/// The signal lock is held, so the task and its thread exist.
void copy_task(Process::Signals& state, Task& task, ProcessView& view) {
    const scheduler::Thread& thread = *task.thread;
    std::fill_n(view.name, sizeof(view.name), '\0');
    thread.name().copy(view.name, sizeof(view.name) - 1);
    const scheduler::ThreadState thread_state = thread.state();
    view.is_running =
        thread_state == scheduler::ThreadState::Running || thread_state == scheduler::ThreadState::Ready;
    view.is_deaf_to_signals = !view.is_running && thread.wait_mode() != scheduler::WaitMode::Interruptible;
    copy_signals(state, task, view);
    auto resources = task.resources.lock();
    view.identity = resources->identity;
    view.space = resources->space;
    view.paths = resources->paths;
    view.files = resources->files.table();
    if (const ProgramImage* image = resources->image.get()) {
        view.places = image->places;
        view.is_dumpable = image->is_dumpable.load(std::memory_order_relaxed);
        view.executable = image->executable;
    }
}

}  // namespace

Result<ProcessView> look_at(Process& process, TaskOf tid) {
    ProcessView view;
    view.started_at = process.started_at;
    view.allowed_cpus = scheduler::SCHEDULER.cpus();
    view.id = tid != 0 ? tid : process.pid();
    {
        auto tree = PROCESSES.lock();
        copy_relations(*tree, process, view);
    }
    if (view.state == ProcessState::Reaped) return Error::Esrch;
    const Ref<Task> task = PROCESSES.find_task(view.id);
    if (!task || task->process.get() != &process) return Error::Esrch;
    if (!view.is_zombie()) view.usage = usage_of(process);
    auto state = process.signals.lock();
    // LINUX: a leader that has ended counts as long as others of its process live.
    view.threads = state->live_tasks +
                   (state->live_tasks != 0 && state->leader && state->leader->thread == nullptr ? 1 : 0);
    view.is_leader = task == state->leader;
    view.identity = task->shared_identity();
    view.scheduling = *task->scheduling.lock();
    if (task->thread == nullptr) {
        view.state = ProcessState::Zombie;
        if (state->live_tasks != 0) view.exit_word = task->exit_word.load(std::memory_order_relaxed);
        if (state->live_tasks != 0) copy_signals(*state, *task, view);  // LINUX: its handlers are others' too
        return view;
    }
    copy_task(*state, *task, view);
    view.last_cpu = task->thread->cpu();
    view.allowed_cpus &= task->thread->allowed_cpus();
    view.urgency = task->thread->inheritance.effective.load(std::memory_order_relaxed);
    if (tid != 0) view.usage = to_usage(task->thread->cpu_use());
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
