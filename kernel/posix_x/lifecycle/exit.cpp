#include "posix_x/lifecycle/exit.hpp"

#include <algorithm>
#include <array>

#include "log/log.hpp"
#include "memory/virtual/page_table.hpp"
#include "posix_x/files/closing.hpp"
#include "posix_x/futex/robust_list.hpp"
#include "posix_x/process/process_tree.hpp"
#include "posix_x/process/usage.hpp"
#include "posix_x/process/wait.hpp"
#include "posix_x/signal/job_control.hpp"
#include "posix_x/terminal/terminal.hpp"
#include "posix_x/trace/trace.hpp"
#include "scheduler/preemption.hpp"
#include "vm/user_memory.hpp"

namespace exo::posix_x {

namespace {

/// Drops the task's address space and wakes a waiting vfork parent. May sleep.
void release_memory(Task& task) {
    announce_end_in_memory(task, AfterMemory::End);
    scheduler::UserState* user = scheduler::current_thread().user();
    {
        const sync::InterruptsOff no_interrupts;
        memory::kernel_table().activate();
        user->page_table = nullptr;
        user->fpu_is_live = false;
    }
    Ref<vm::AddressSpace> space;
    Ref<ProgramImage> image;
    {
        auto own = task.resources.lock();
        space = std::move(own->space);
        image = std::move(own->image);
    }
    image = nullptr;
    space = nullptr;
    if (task.vfork) task.vfork->complete();
    task.vfork = nullptr;
}

/// Closes all descriptors. May sleep.
void release_files(Task& task) {
    security::TableUser files;
    Ref<fs::PathContext> paths;
    {
        auto own = task.resources.lock();
        files = std::move(own->files);
        paths = std::move(own->paths);
    }
    leave_files(std::move(files));
}

/// A child whose parent has ended.
struct AbandonedChild {
    Ref<Process> child;
    LostTie tie;
    bool is_zombie = false;
    ToldParent told;        ///< Of a zombie.
    ReapedProcess removed;  ///< A zombie that its new parent ignores.
};

/// Children that were given to a reaper while the tree was locked, for the work that follows without the
/// lock.
struct AbandonedChildren {
    static constexpr usize MOST = 16;
    std::array<AbandonedChild, MOST> entries;
    usize count = 0;
};

/// Gives the oldest children to `reaper`.
void give_some_away(TreeState& tree, Process& process, Process& reaper, AbandonedChildren& abandoned) {
    for (abandoned.count = 0; abandoned.count < AbandonedChildren::MOST; ++abandoned.count) {
        const Process::Links& own = process.links(tree);
        Process* child = own.children.first();
        if (child == nullptr) return;
        process.links(tree).children.remove(*child);
        tree.adopt(reaper, *child);
        Process::Links& childs = child->links(tree);
        childs.exit_signal = Signal::Chld;
        AbandonedChild& entry = abandoned.entries[abandoned.count];
        entry.child = Ref<Process>(child);
        entry.tie = {childs.group, childs.session, own.group, own.session};
        entry.is_zombie = child->state == ProcessState::Zombie;
        if (!entry.is_zombie) continue;
        entry.told = tell_parent_of_end(tree, *child);
        if (entry.told.ignores_children) entry.removed = PROCESSES.remove_locked(tree, *child);
    }
}

/// Sends the parent-death signal of each task of the child to the whole process. LINUX: the parent counts as
/// the sender, so its permissions are checked.
void send_parent_death_signals(Process& child) {
    SignalSet wanted;
    for_each_task(child, [&](ProcessSignals&, const Task& task) {
        const Signal signal = task.parent_death_signal.load(std::memory_order_relaxed);
        if (signal != Signal::None) wanted.add(signal);
    });
    while (!wanted.is_empty()) {
        const Signal signal = wanted.first();
        wanted.remove(signal);
        if (!may_signal(current_task(), child, signal)) continue;
        Ref<Task> asker;  // it is asked first
        for_each_task(child, [&](ProcessSignals&, Task& task) {
            if (!asker && task.parent_death_signal.load(std::memory_order_relaxed) == signal)
                asker = Ref<Task>(&task);
        });
        if (asker) (void)send_signal_by_task(*asker, info_from(current_task(), signal, signal_code::USER));
    }
}

/// Sends the parent-death signals of children of a task that ends before its process. LINUX:
/// forget_original_parent.
void tell_children_of(Task& task) {
    constexpr u32 VISITS_AT_ONCE = 64;
    Process& process = *task.process;
    if (!process.children_have_death_signals.load(std::memory_order_relaxed)) return;
    u64 last = 0;
    bool is_over = false;
    while (!is_over) {
        AbandonedChildren wanted;
        {
            auto tree = PROCESSES.lock();
            auto& children = process.links(*tree).children;
            Process* child = children.lower_bound(last + 1);
            for (u32 visits = 0; visits < VISITS_AT_ONCE && wanted.count < AbandonedChildren::MOST;
                 ++visits) {
                is_over = child == nullptr;
                if (is_over) break;
                last = child->sibling_number;
                if (child->links(*tree).has_death_signal && is_child_of(*tree, *child, task))
                    wanted.entries[wanted.count++].child = Ref<Process>(child);
                child = children.next(*child);
            }
        }
        for (usize index = 0; index < wanted.count; ++index)
            send_parent_death_signals(*wanted.entries[index].child);
        scheduler::preempt_point();
    }
}

/// `tie` is the tie that was lost last. Consecutive children of the same group are handled once, at the end
/// of their run.
void tell_about_abandoned(const AbandonedChildren& abandoned, LostTie& tie) {
    for (usize index = 0; index < abandoned.count; ++index) {
        const AbandonedChild& entry = abandoned.entries[index];
        if (entry.tie != tie) signal_if_orphaned(std::exchange(tie, entry.tie));
        if (entry.is_zombie) finish_telling_of_end(*entry.child, entry.told);
        send_parent_death_signals(*entry.child);
    }
}

/// Gives all children away, including those that are added meanwhile.
void give_children_away(Process& process) {
    LostTie tie;
    bool is_over = false;
    while (!is_over) {
        const Ref<Process> reaper = PROCESSES.reaper_of(process);
        while (true) {
            AbandonedChildren abandoned;
            {
                auto tree = PROCESSES.lock();
                if (reaper->state == ProcessState::Zombie || reaper->state == ProcessState::Reaped) break;
                give_some_away(*tree, process, *reaper, abandoned);
                is_over = process.links(*tree).children.is_empty();
            }
            tell_about_abandoned(abandoned, tie);
            scheduler::preempt_point();
            if (is_over) break;
        }
    }
    signal_if_orphaned(tie);
}

bool is_leader(const Task& task, const Process& process) { return task.tid() == process.pid(); }

/// A zombie has the name of its leader.
void keep_name_of_leader(Process& process) {
    auto tree = PROCESSES.lock();
    Process::Links& links = process.links(*tree);
    scheduler::current_thread().name().copy(links.last_name, sizeof(links.last_name) - 1);
}

/// The most memory that the process had, which all its tasks share.
void keep_peak_of_memory(Task& task, Process& process) {
    const u64 peak = task.space().peak_resident();
    auto state = process.signals.lock();
    state->peak_pages = std::max(state->peak_pages, peak);
}

/// Makes the process a zombie. All its tasks have ended.
void become_zombie(Process& process) {
    WaitStatus status;
    ResourceUsage usage;
    {
        auto state = process.signals.lock();
        status = state->exit_status;
        usage = state->ended_usage;
        usage.max_resident_pages = state->peak_pages;
    }
    ReapedProcess removed;
    LostTie own_tie;
    Ref<Object> terminal;  // dropped after the lock
    ToldParent told;
    while (true) {
        auto tree = PROCESSES.lock();
        // A child's clone(CLONE_PARENT) adds children until this process is a zombie.
        Process::Links& links = process.links(*tree);
        if (!links.children.is_empty()) [[unlikely]] {
            tree.unlock();
            give_children_away(process);
            continue;
        }
        if (links.parent != nullptr) {
            const Process::Links& parents = links.parent->links(*tree);
            own_tie = {links.group, links.session, parents.group, parents.session};
        }
        links.usage = usage;
        links.wait_status = status;
        process.state = ProcessState::Zombie;
        terminal = std::move(links.terminal);
        // Here, because once the tree is unlocked the parent may reap the process.
        told = tell_parent_of_end(*tree, process);
        if (told.ignores_children) removed = PROCESSES.remove_locked(*tree, process);
        break;
    }
    signal_if_orphaned(own_tie);
    process.ended.wake_all(fs::wake_events(fs::PollEvents::In | fs::PollEvents::Rdnorm));
    // After the removal: a parent that waits for its last child sees that there is none left.
    finish_telling_of_end(process, told);
}

/// Stops the process's timers, because it takes no more signals.
void stop_timing(Process& process) {
    process.real_timer.lock()->stop();
    delete_posix_timers(process);
}

/// The first step of a task's end. Returns true if every task of the process is ending now.
bool begin_end(Task& task, Process& process, WaitStatus status) {
    auto state = process.signals.lock();
    Task::Signals& own = task.signals(*state);
    own.is_ending = true;
    (void)state->tell_some();
    if (--state->live_tasks != 0) {
        if (!state->is_exiting) retarget(*state, task, ~own.blocked);  // else no task takes signals any more
        return false;
    }
    // It takes no signal from now on, its own SIGHUP least of all. LINUX: synchronize_group_exit: the status is that of the task that ends
    // last, unless all were told to end.
    if (!std::exchange(state->is_exiting, true)) state->exit_status = status;
    return true;
}

/// Removes a task that has ended from its process, which takes over its usage. Returns true if it was the
/// last task.
bool leave_process(Task& task, Process& process) {
    const bool is_leader = posix_x::is_leader(task, process);
    if (!is_leader) PROCESSES.remove_thread(task);
    bool is_last;
    // LINUX: release_task: what waits for a task alone goes with it. A leader keeps it until it is reaped.
    PendingSignals dropped;
    {
        auto state = process.signals.lock();
        state->remove_task(task);
        task.thread = nullptr;
        is_last = state->tasks.is_empty();
        PendingSignals& own = task.signals(*state).pending;
        if (!is_leader)
            dropped.take_all(own);
        else if (is_last)
            state->pending.take_all(own);
    }
    if (!is_last) process.task_ended.wake_all();
    return is_last;
}

}  // namespace

void exit_current_task(WaitStatus status) {
    Task& task = current_task();
    Ref<Process> process = task.process;
    trace::report_end(task, status);
    task.exit_word.store(status.word, std::memory_order_relaxed);
    const bool ends_process = begin_end(task, *process, status);
    if (ends_process && process->pid() == FIRST_PID) {
        log::error("init ended with status {:x}", status.word);
        panic("init ended");
    }
    if (!ends_process) report_stop_if_whole(*process);
    if (is_leader(task, *process)) keep_name_of_leader(*process);
    if (ends_process) {
        keep_peak_of_memory(task, *process);
        stop_timing(*process);
    }
    // A reader of a pipe sees its end only after the memory is gone, and a terminal is hung up before its leader closes it, so that
    // nobody waits for output that is stopped. LINUX: do_exit has this order.
    release_memory(task);
    if (ends_process) hang_up_if_session_leader(*process);
    release_files(task);
    if (!ends_process) tell_children_of(task);
    if (leave_process(task, *process)) become_zombie(*process);
    process = nullptr;
    scheduler::SCHEDULER.exit_current();
}

}  // namespace exo::posix_x
