#include "posix_x/process/process_tree.hpp"

#include <algorithm>

#include "scheduler/preemption.hpp"

namespace exo::posix_x {

constinit ProcessTree PROCESSES;

bool TreeState::has_session(Pid session) const {
    const ProcessGroup* first = groups_by_session.lower_bound(SessionAndGroup{session, 0});
    return first != nullptr && first->session == session;
}

void TreeState::join(Process& process, ProcessGroup& group) {
    group.members.push_back(process);
    ++group.size;
    process.membership = &group;
    process.group = group.number;
    process.session = group.session;
}

void TreeState::leave(Process& process) {
    ProcessGroup* group = std::exchange(process.membership, nullptr);
    if (group == nullptr) return;
    group->members.remove(process);
    if (--group->size != 0) return;
    groups.remove(*group);
    groups_by_session.remove(*group);
    delete group;
}

Result<> TreeState::move_to(Process& process, Pid number, Pid session) {
    ProcessGroup* group = find_group(number);
    if (group == nullptr) {
        group = new (std::nothrow) ProcessGroup(number, session);
        if (group == nullptr) return Error::Enomem;
        groups.insert(*group);
        groups_by_session.insert(*group);
    }
    if (group == process.membership) return {};
    leave(process);
    join(process, *group);
    return {};
}

bool TreeState::group_is_in_session(Pid number, Pid session) const {
    const ProcessGroup* group = find_group(number);
    return group != nullptr && group->session == session;
}

bool TreeState::is_orphaned_group(Pid number, const Process* ignoring) const {
    ProcessGroup* group = find_group(number);
    if (group == nullptr) return true;
    for (const Process& process : group->members) {
        if (&process == ignoring || process.state == ProcessState::Zombie) continue;
        const Process* parent = process.parent();
        if (parent == nullptr || parent->pid() == FIRST_PID) continue;
        if (parent->group != number && parent->session == process.session) return false;
    }
    return true;
}

Ref<Process> ProcessTree::find(Pid pid) {
    auto tree = state_.lock();
    return Ref<Process>(tree->find(pid));
}

/// A group or session that still has members keeps its number taken.
static bool is_taken(const TreeState& tree, Pid number) {
    return tree.find(number) != nullptr || tree.has_group(number) || tree.has_session(number);
}

Result<Pid> ProcessTree::reserve_pid() {
    auto tree = state_.lock();
    // Numbers go up and wrap, as programs expect.
    if (live_.load(std::memory_order_relaxed) >= most()) return Error::Eagain;
    const auto end = static_cast<Pid>(pid_max.load(std::memory_order_relaxed));
    for (Pid tried = 0; tried < end; ++tried) {
        Pid candidate = tree->last_pid + 1;
        if (candidate >= end) {
            candidate = FIRST_PID_AFTER_WRAP;
            tree->has_wrapped = true;
        }
        tree->last_pid = candidate;
        if (tree->has_wrapped && is_taken(*tree, candidate)) continue;
        if (live_.load(std::memory_order_relaxed) >= static_cast<u32>(end - FIRST_PID_AFTER_WRAP))
            return Error::Eagain;
        live_.fetch_add(1, std::memory_order_relaxed);
        return candidate;
    }
    return Error::Eagain;
}

void ProcessTree::set_most(u64 most) {
    constexpr u64 LEAST = 20;  // LINUX: MIN_THREADS
    constexpr u64 PIDS = MAX_PID - FIRST_PID_AFTER_WRAP;
    most_.store(static_cast<u32>(std::clamp(most, LEAST, PIDS)), std::memory_order_relaxed);
}

void ProcessTree::release_pid(Pid) { live_.fetch_sub(1, std::memory_order_relaxed); }

void ProcessTree::add(Process& process, Process* parent) {
    auto tree = state_.lock();
    process.retain();  // the table's reference, dropped when the process is reaped
    tree->by_pid.insert(process);
    ++tree->created;
    // CLONE_PARENT: the parent's parent may have ended meanwhile.
    if (parent != nullptr && (parent->state == ProcessState::Zombie || parent->state == ProcessState::Reaped))
        parent = tree->init;
    process.set_parent(parent);
    if (parent == nullptr) {
        tree->init = &process;
        // In session 0 and group 0, so that setsid(2) succeeds.
        const auto moved = tree->move_to(process, 0, 0);
        ASSERT(moved.has_value());  // at boot there is memory
        return;
    }
    tree->join(process, *parent->membership);
    process.terminal = parent->terminal;
    parent->children.push_back(process);
}

Ref<Process> ProcessTree::remove_locked(TreeState& tree, Process& process) {
    tree.by_pid.remove(process);
    tree.leave(process);
    process.user->release_process();
    if (process.sibling_link.is_linked()) process.sibling_link.unlink();
    process.set_parent(nullptr);
    process.state = ProcessState::Reaped;
    live_.fetch_sub(1, std::memory_order_relaxed);
    return Ref<Process>::adopt(&process);
}

usize ProcessTree::count() { return state_.lock()->by_pid.size(); }

void ProcessTree::for_each(FunctionRef<void(Process&)> visit) {
    Pid next = FIRST_PID;
    while (true) {
        Ref<Process> process;
        {
            auto tree = state_.lock();
            process = Ref<Process>(tree->by_pid.lower_bound(next));
        }
        if (!process) return;
        next = process->pid() + 1;
        visit(*process);
        scheduler::preempt_point();
    }
}

/// Collects references under the tree's lock, in memory that was reserved without it: `size_of` tells how many at most, `fill`
/// pushes them. Errors: Enomem.
template <class Lock, class SizeOf, class Fill>
static Result<Vector<Ref<Process>>> collect(Lock& lock, SizeOf size_of, Fill fill) {
    Vector<Ref<Process>> found;
    for (usize wanted = 1;;) {
        TRY(found.reserve(wanted));
        auto tree = lock.lock();
        wanted = size_of(*tree);
        if (wanted > found.capacity()) continue;
        fill(*tree, found);
        return found;
    }
}

Result<Vector<Ref<Process>>> ProcessTree::members_of(Pid number) {
    const auto size_of = [&](const TreeState& tree) -> usize {
        const ProcessGroup* group = tree.find_group(number);
        return group != nullptr ? group->size : 0;
    };
    return collect(state_, size_of, [&](const TreeState& tree, Vector<Ref<Process>>& members) {
        if (ProcessGroup* group = tree.find_group(number); group != nullptr)
            for (Process& process : group->members) members.push_within_capacity(Ref<Process>(&process));
    });
}

Result<Vector<Ref<Process>>> ProcessTree::all_that(FunctionRef<bool(const Process&)> is_wanted) {
    const auto size_of = [](const TreeState& tree) { return tree.by_pid.size(); };
    return collect(state_, size_of, [&](TreeState& tree, Vector<Ref<Process>>& found) {
        for (Process& process : tree.by_pid)
            if (is_wanted(process)) found.push_within_capacity(Ref<Process>(&process));
    });
}

Ref<Identity> identity_of(Process& process) {
    // The task cannot go while the signal lock is held: it clears the pointer under it first.
    auto state = process.signals.lock();
    if (state->task == nullptr) return state->last_identity;
    return state->task->shared_identity();
}

}  // namespace exo::posix_x
