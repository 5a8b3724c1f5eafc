#include "posix_x/lifecycle/exit.hpp"

#include "log/log.hpp"
#include "memory/virtual/page_table.hpp"
#include "posix_x/futex/futex_table.hpp"
#include "posix_x/process/process_tree.hpp"
#include "posix_x/process/usage.hpp"
#include "posix_x/signal/job_control.hpp"
#include "posix_x/terminal/terminal.hpp"
#include "scheduler/preemption.hpp"
#include "vm/user_memory.hpp"

namespace exo::posix_x {

namespace {

/// Unmaps what the task holds, and lets go who waits for that. May sleep.
void release_memory(Task& task) {
    if (task.clear_child_tid != 0) {
        // A bad address is the program's own loss. LINUX: mm_release, which wakes only where somebody else has the memory.
        const Result<> cleared = vm::UserOut<u32>(task.clear_child_tid).write(0);
        if (cleared && task.space->reference_count() > 1)
            (void)FUTEXES.wake(task, task.clear_child_tid, FutexScope::Shared, 1, abi::FUTEX_ANY_BIT);
    }
    scheduler::UserState* user = scheduler::current_thread().user();
    {
        const sync::InterruptsOff no_interrupts;
        memory::kernel_table().activate();
        user->page_table = nullptr;
        user->fpu_is_live = false;
    }
    Ref<vm::AddressSpace> space;
    Ref<fs::File> executable;
    {
        auto guard = task.task_lock.lock();
        space = std::move(task.space);
        executable = std::move(task.executable);
    }
    if (executable) executable->inode().end_deny_write();
    executable = nullptr;
    space = nullptr;
    if (task.vfork) task.vfork->complete();
    task.vfork = nullptr;
}

/// Closes everything. May sleep.
void release_files(Task& task) {
    security::TableUser files;
    Ref<fs::PathContext> paths;
    {
        auto guard = task.task_lock.lock();
        files = std::move(task.files);
        paths = std::move(task.paths);
    }
    files.leave();
}

/// Where the children of `process` go: the nearest living ancestor that asked for it, or init.
Process* reaper_for(TreeState& tree, Process& process) {
    for (Process* ancestor = process.parent(); ancestor != nullptr; ancestor = ancestor->parent())
        if (ancestor->is_subreaper && ancestor->state != ProcessState::Zombie) return ancestor;
    return tree.init;
}

struct AbandonedChild {
    Ref<Process> child;
    LostTie tie;
    bool is_zombie;
};

/// Gives the children away. `abandoned` gets references for what must be done without the lock.
void reparent_children(TreeState& tree, Process& process, Vector<AbandonedChild>& abandoned) {
    Process* reaper = reaper_for(tree, process);
    while (Process* child = process.children.pop_front()) {
        child->set_parent(reaper);
        child->exit_signal = Signal::Chld;
        reaper->children.push_back(*child);
        // No memory for the note: the reaper looks at its children by itself at its next wait.
        (void)abandoned.push({Ref<Process>(child),
                              {child->group, child->session, process.group, process.session},
                              child->state == ProcessState::Zombie});
    }
}

void tell_about_abandoned(const Vector<AbandonedChild>& abandoned) {
    for (const AbandonedChild& entry : abandoned) {
        if (entry.is_zombie)
            notify_parent(*entry.child, Signal::Chld, signal_code::CHILD_EXITED,
                          entry.child->wait_status.exit_code());
        // LINUX: as if the parent sent it, so it must be allowed to.
        const Signal signal = entry.child->parent_death_signal;
        if (signal != Signal::None && may_signal(current_task(), *entry.child, signal))
            (void)send_signal(*entry.child, info_from(current_task(), signal, signal_code::USER));
        signal_if_orphaned(entry.tie);
        scheduler::preempt_point();
    }
}

/// The parent does not want to wait: no zombie is left. LINUX: with SA_NOCLDWAIT it gets SIGCHLD all the same.
bool parent_ignores(Process& process) {
    Ref<Process> parent;
    {
        auto tree = PROCESSES.lock();
        parent = Ref<Process>(process.parent());
    }
    if (!parent || process.exit_signal != Signal::Chld) return false;
    auto state = parent->signals.lock();
    const SignalAction& action = state->actions->of(Signal::Chld);
    return action.handler == SignalAction::IGNORE || (action.flags & SignalAction::NO_CHILD_WAIT) != 0;
}

void become_zombie(Process& process, WaitStatus status, const ResourceUsage& usage) {
    const bool reaps_itself = parent_ignores(process);
    Vector<AbandonedChild> abandoned;
    Ref<Process> removed;
    LostTie own_tie;
    {
        auto tree = PROCESSES.lock();
        if (const Process* parent = process.parent())
            own_tie = {process.group, process.session, parent->group, parent->session};
        reparent_children(*tree, process, abandoned);
        process.usage = usage;
        process.wait_status = status;
        process.state = ProcessState::Zombie;
        process.terminal = nullptr;
    }
    tell_about_abandoned(abandoned);
    signal_if_orphaned(own_tie);
    const bool killed = status.was_killed();
    const i32 code =
        !killed ? signal_code::CHILD_EXITED
                : ((status.word & 0x80) != 0 ? signal_code::CHILD_DUMPED : signal_code::CHILD_KILLED);
    Ref<Process> parent;
    {
        auto tree = PROCESSES.lock();
        parent = Ref<Process>(process.parent());
    }
    if (reaps_itself) {
        auto tree = PROCESSES.lock();
        if (process.state == ProcessState::Zombie) removed = PROCESSES.remove_locked(*tree, process);
    }
    // After the removal: a parent that waits for its last child sees that there is none left.
    if (parent)
        notify(*parent, process, process.exit_signal, code,
               killed ? static_cast<i32>(status.signal()) : status.exit_code());
}

}  // namespace

void exit_current_task(WaitStatus status) {
    Task& task = current_task();
    Ref<Process> process = task.process;
    if (process->pid() == FIRST_PID) {
        log::error("init ended with status {:x}", status.word);
        panic("init ended");
    }
    const ResourceUsage usage = usage_of(task);
    scheduler::current_thread().name().copy(process->last_name, sizeof(process->last_name) - 1);
    process->real_timer.cancel();
    // The order is Linux's: a reader of a pipe sees its end only after the memory is gone, and a terminal is hung up
    // before its leader closes it, so that nobody waits for output that is stopped.
    release_memory(task);
    process->signals.lock()->is_exiting =
        true;  // from now on it takes no signal, its own SIGHUP least of all
    hang_up_if_session_leader(*process);
    release_files(task);
    {
        auto state = process->signals.lock();
        state->task = nullptr;
        state->last_identity = task.identity;
        state->pending.take_all(task.pending);
    }
    become_zombie(*process, status, usage);
    process = nullptr;
    scheduler::SCHEDULER.exit_current();
}

}  // namespace exo::posix_x
