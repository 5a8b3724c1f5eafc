#include "posix_x/process/wait.hpp"

#include "posix_x/process/process_tree.hpp"
#include "scheduler/preemption.hpp"
#include "utils/scope.hpp"

namespace exo::posix_x {

namespace {

bool is_named(const TreeState& tree, const Process& child, const WaitRequest& request) {
    switch (request.selection) {
        case ChildSelection::Any: return true;
        case ChildSelection::Pid: {
            return child.pid() == request.id && (request.process == nullptr || request.process == &child);
        }
        case ChildSelection::Group: return child.links(tree).group == request.id;
    }
}

/// Whether the process has a task with this number and place that has not ended.
bool is_there(const TreeState& tree, Process& process, Pid tid, u64 place) {
    if (tid == process.pid()) {
        auto state = process.signals.lock();
        return state->leader && state->leader->place == place && state->leader->process_link.is_linked();
    }
    const Task* task = tree.threads.find(tid);
    return task != nullptr && task->process.get() == &process && task->place == place;
}

}  // namespace

/// LINUX: when a thread ends, its children pass to the first living thread of its process
/// (forget_original_parent), which keeps them until it ends too. So that thread is always the process's first
/// one.
bool is_child_of(const TreeState& tree, const Process& child, Task& task) {
    const Process::Links& links = child.links(tree);
    Process& process = *task.process;
    if (links.parent_place == task.place) return true;
    if (links.parent_place != 0 && is_there(tree, process, links.parent_tid, links.parent_place))
        return false;
    auto state = process.signals.lock();
    return state->tasks.front() == &task;
}

namespace {

bool is_eligible(const TreeState& tree, const Process& child, const WaitRequest& request) {
    const bool is_clone = child.links(tree).exit_signal != Signal::Chld;
    if (!request.all_kinds && is_clone != request.clones_only) return false;
    if (!is_named(tree, child, request)) return false;
    return !request.own_only || is_child_of(tree, child, current_task());
}

/// Takes a pending report of `child`. Returns false if there is none.
bool take_report(TreeState& tree, Process& child, const WaitRequest& request, WaitResult& out) {
    Process::Links& links = child.links(tree);
    if (child.state == ProcessState::Zombie && request.wants_exited) {
        out.status = links.wait_status;
    } else if (links.stop_is_reportable && request.wants_stopped && child.state == ProcessState::Stopped) {
        out.status = links.wait_status;
        if (!request.leaves_it) links.stop_is_reportable = false;
    } else if (links.continue_is_reportable && request.wants_continued) {
        out.status = WaitStatus::continued();
        if (!request.leaves_it) links.continue_is_reportable = false;
    } else {
        return false;
    }
    out.pid = child.pid();
    if (const Ref<Identity> owner = identity_of(child)) out.uid = owner->uid;
    out.usage = links.usage;
    out.usage.add(links.children_usage);
    return true;
}

enum class Outcome : u8 { Found, Nothing, NoChild };

Outcome look(Process& self, const WaitRequest& request, WaitResult& out) {
    ReapedProcess reaped;  // dropped after the lock
    bool has_candidate = false;
    const auto takes = [&](TreeState& tree, Process& child) {
        if (!is_eligible(tree, child, request)) return false;
        // LINUX: nothing is left to be told of an ended child but its end (wait_consider_task).
        if (child.state == ProcessState::Zombie && !request.wants_exited) return false;
        has_candidate = true;
        if (!take_report(tree, child, request, out)) return false;
        if (child.state == ProcessState::Zombie && !request.leaves_it) {
            self.links(tree).children_usage.add(out.usage);
            reaped = PROCESSES.remove_locked(tree, child);
        }
        return true;
    };
    bool is_found = false;
    if (request.selection == ChildSelection::Pid) {
        auto tree = PROCESSES.lock();
        Process* child = tree->find(request.id);
        if (request.process != nullptr && child != request.process) child = nullptr;
        is_found = child != nullptr && child->links(*tree).parent == &self && takes(*tree, *child);
    } else {
        // A child that changes behind the walk wakes the wait, which looks again.
        is_found = PROCESSES.any_child(self, takes);
    }
    if (is_found) return Outcome::Found;
    return has_candidate ? Outcome::Nothing : Outcome::NoChild;
}

/// Waits for a child's change of state. Errors: RestartSys.
Result<Outcome> wait(Process& self, const WaitRequest& request, WaitResult& out) {
    ChildWait entry(request);
    {
        auto tree = PROCESSES.lock();
        entry.round = self.links(*tree).wait_rounds;
        self.links(*tree).child_waits.push_back(entry);
    }
    const ScopeExit leave{[&] {
        auto tree = PROCESSES.lock();
        self.links(*tree).child_waits.remove(entry);
    }};
    Outcome outcome = Outcome::Nothing;
    const auto has_changed = [&] {
        outcome = look(self, request, out);
        return outcome != Outcome::Nothing;
    };
    const Result<> waited = entry.changed.wait(scheduler::WaitMode::Interruptible, has_changed);
    // LINUX: who is interrupted looks once more, and may find that no child is left (do_wait).
    if (!waited && !has_changed()) return waited.error();
    return outcome;
}

}  // namespace

Result<WaitResult> wait_for_child(const WaitRequest& request) {
    Process& self = current_process();
    WaitResult result;
    Outcome outcome = look(self, request, result);
    if (outcome == Outcome::Nothing && !request.is_nonblocking) outcome = TRY(wait(self, request, result));
    if (outcome == Outcome::NoChild) return Error::Echild;
    return result;
}

namespace {

/// How many waits are woken before the tree's lock is released for a moment.
constexpr usize MOST_WAITS_AT_ONCE = 64;

/// Wakes the waits if there are at most that many. Returns true if there are more, of which some may have
/// been woken.
bool wake_if_few(TreeState& tree, Process& parent, const Process& child) {
    usize looked_at = 0;
    for (ChildWait& wait : parent.links(tree).child_waits) {
        if (++looked_at > MOST_WAITS_AT_ONCE) return true;
        if (is_named(tree, child, wait.request)) wait.changed.wake_all_atomically();
    }
    return false;
}

/// Wakes some waits. A woken wait moves to the end of the list. Each woken thread checks for itself, so two
/// concurrent rounds may share the work: a round ends at the first wait that was woken after it began.
/// Returns true if some are left.
bool wake_some(Process::Links& links, u64 round) {
    for (usize told = 0; told < MOST_WAITS_AT_ONCE; ++told) {
        ChildWait* wait = links.child_waits.front();
        if (wait == nullptr || wait->round >= round) return false;
        wait->round = round;
        links.child_waits.remove(*wait);
        links.child_waits.push_back(*wait);
        wait->changed.wake_all_atomically();
    }
    return true;
}

}  // namespace

void wake_waits_for(Process& parent, const Process& child) {
    u64 round;
    {
        auto tree = PROCESSES.lock();
        if (!wake_if_few(*tree, parent, child)) return;
        round = ++parent.links(*tree).wait_rounds;
    }
    while (wake_some(parent.links(*PROCESSES.lock()), round)) scheduler::preempt_point();
}

}  // namespace exo::posix_x
