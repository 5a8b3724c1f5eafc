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
    process.member_number = ++last_number;
    group.members.insert_behind(group.members.last(), process);
    Process::Links& links = process.links(*this);
    links.membership = &group;
    links.group = group.number;
    links.session = group.session;
}

void TreeState::leave(Process& process) {
    ProcessGroup* group = std::exchange(process.links(*this).membership, nullptr);
    if (group == nullptr) return;
    group->members.remove(process);
    if (!group->members.is_empty()) return;
    groups.remove(*group);
    groups_by_session.remove(*group);
    delete group;
}

void TreeState::adopt(Process& parent, Process& child) {
    child.set_parent(*this, &parent);
    child.links(*this).parent_place = 0;
    child.sibling_number = ++last_number;
    auto& children = parent.links(*this).children;
    children.insert_behind(children.last(), child);
    if (child.links(*this).has_death_signal) note_death_signal(child);
}

void TreeState::note_death_signal(Process& process) {
    Process::Links& links = process.links(*this);
    links.has_death_signal = true;
    if (links.parent != nullptr)
        links.parent->children_have_death_signals.store(true, std::memory_order_relaxed);
}

Result<> TreeState::move_to(Process& process, Pid number, Pid session) {
    ProcessGroup* group = find_group(number);
    if (group == nullptr) {
        group = new (std::nothrow) ProcessGroup(number, session);
        if (group == nullptr) return Error::Enomem;
        groups.insert(*group);
        groups_by_session.insert(*group);
    }
    if (group == process.links(*this).membership) return {};
    leave(process);
    join(process, *group);
    return {};
}

bool TreeState::group_is_in_session(Pid number, Pid session) const {
    const ProcessGroup* group = find_group(number);
    return group != nullptr && group->session == session;
}

bool ties_group_to_session(const TreeState& tree, const Process& member) {
    if (member.state == ProcessState::Zombie) return false;
    const Process::Links& links = member.links(tree);
    if (links.parent == nullptr || links.parent->pid() == FIRST_PID) return false;
    const Process::Links& parents = links.parent->links(tree);
    return parents.group != links.group && parents.session == links.session;
}

Ref<Process> ProcessTree::find(Pid pid) {
    auto tree = state_.lock();
    return Ref<Process>(tree->find(pid));
}

Ref<Task> ProcessTree::find_task(Pid tid) {
    auto tree = state_.lock();
    if (Process* process = tree->find(tid)) return process->signals.lock()->leader;
    return Ref<Task>(tree->threads.find(tid));
}

Process* TreeState::find_by_task(Pid tid) const {
    if (Process* process = find(tid)) return process;
    const Task* task = threads.find(tid);
    return task != nullptr ? task->process.get() : nullptr;
}

Ref<Process> ProcessTree::find_by_task(Pid tid) {
    auto tree = state_.lock();
    return Ref<Process>(tree->find_by_task(tid));
}

/// Whether a process, group or session uses the number. A group or session keeps its number while it has
/// members.
static bool is_taken(const TreeState& tree, Pid number) {
    return tree.find(number) != nullptr || tree.threads.find(number) != nullptr || tree.has_group(number) ||
           tree.has_session(number);
}

Result<Pid> ProcessTree::reserve_pid() {
    constexpr Pid TRIES_AT_ONCE = 256;
    const auto end = static_cast<Pid>(pid_max.load(std::memory_order_relaxed));
    for (Pid tried = 0; tried < end; tried += TRIES_AT_ONCE) {
        {
            auto tree = state_.lock();
            const u32 live = live_.load(std::memory_order_relaxed);
            if (live >= most() || live >= static_cast<u32>(end - FIRST_PID_AFTER_WRAP)) return Error::Eagain;
            for (Pid tries = 0; tries < TRIES_AT_ONCE; ++tries) {
                // Numbers go up and wrap, as programs expect.
                Pid candidate = tree->last_pid + 1;
                if (candidate >= end) {
                    candidate = FIRST_PID_AFTER_WRAP;
                    tree->has_wrapped = true;
                }
                tree->last_pid = candidate;
                if (tree->has_wrapped && is_taken(*tree, candidate)) continue;
                live_.fetch_add(1, std::memory_order_relaxed);
                return candidate;
            }
        }
        scheduler::preempt_point();
    }
    return Error::Eagain;
}

Result<Pid> ProcessTree::reserve_pid(Pid wanted) {
    auto tree = state_.lock();
    if (live_.load(std::memory_order_relaxed) >= most()) return Error::Eagain;
    if (is_taken(*tree, wanted)) return Error::Eexist;
    // From now on numbers are looked up before they are given away: this one may be ahead of them.
    tree->has_wrapped = true;
    live_.fetch_add(1, std::memory_order_relaxed);
    return wanted;
}

void ProcessTree::set_most(u64 most) {
    constexpr u64 LEAST = 20;  // LINUX: MIN_THREADS
    constexpr u64 PIDS = MAX_PID - FIRST_PID_AFTER_WRAP;
    most_.store(static_cast<u32>(std::clamp(most, LEAST, PIDS)), std::memory_order_relaxed);
}

void ProcessTree::release_pid(Pid) { live_.fetch_sub(1, std::memory_order_relaxed); }

void ProcessTree::enter(TreeState& tree, Process& process) {
    process.retain();  // the table's reference, dropped when the process is reaped
    tree.by_pid.insert(process);
    ++tree.created;
}

void ProcessTree::add_first(Process& process) {
    auto tree = state_.lock();
    enter(*tree, process);
    tree->init = &process;
    // In session 0 and group 0, so that setsid(2) succeeds.
    const auto moved = tree->move_to(process, 0, 0);
    ASSERT(moved.has_value());  // at boot there is memory
}

void ProcessTree::add(Process& process, Task& creator, Relation relation, Signal exit_signal) {
    auto tree = state_.lock();
    enter(*tree, process);
    const Process::Links& creators = creator.process->links(*tree);
    Process* parent = creator.process.get();
    Pid parent_tid = creator.tid();
    u64 parent_place = creator.place;
    if (relation == Relation::Sibling && creators.parent != nullptr) {
        parent = creators.parent;
        exit_signal = creators.exit_signal;
        parent_tid = creators.parent_tid;
        parent_place = creators.parent_place;
    }
    Process::Links& links = process.links(*tree);
    links.exit_signal = exit_signal;
    tree->join(process, *creators.membership);
    links.terminal = creators.terminal;
    links.acquisition = creators.acquisition;
    tree->adopt(*parent, process);
    links.parent_tid = parent_tid;
    links.parent_place = parent_place;
}

ReapedProcess ProcessTree::remove_locked(TreeState& tree, Process& process) {
    tree.by_pid.remove(process);
    tree.leave(process);
    const Process::Links& links = process.links(tree);
    if (links.parent != nullptr) links.parent->links(tree).children.remove(process);
    process.set_parent(tree, nullptr);
    process.state = ProcessState::Reaped;
    live_.fetch_sub(1, std::memory_order_relaxed);
    ReapedProcess reaped{Ref<Process>::adopt(&process), std::move(process.signals.lock()->leader)};
    reaped.leader->charged_user->release_process();
    return reaped;
}

void ProcessTree::add_thread(Task& task) {
    auto tree = state_.lock();
    tree->threads.insert(task);
    ++tree->created;
}

void ProcessTree::remove_thread(Task& task) {
    auto tree = state_.lock();
    tree->threads.remove(task);
    task.charged_user->release_process();
    live_.fetch_sub(1, std::memory_order_relaxed);
}

Ref<Task> ProcessTree::become_leader(Task& task) {
    Ref<Task> replaced(&task);
    auto tree = state_.lock();
    auto state = task.process->signals.lock();
    if (state->leader.get() == &task) return replaced;
    // LINUX: de_thread. The number and the charge of the task go; it has those of the leader from now on.
    tree->threads.remove(task);
    live_.fetch_sub(1, std::memory_order_relaxed);
    std::swap(state->leader, replaced);
    task.take_number_of(*replaced);
    task.charged_user->release_process();
    std::swap(task.charged_user, replaced->charged_user);
    return replaced;
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

namespace {

/// How many processes a walk visits before it releases the tree's lock for a moment.
constexpr u32 VISITS_AT_ONCE = 256;

/// Visits the members of a list with numbers from `next` on. `list_of` finds the list again after each
/// locking, and returns null if it is gone. Returns true if `visit` returned true; `next` is then the number
/// of that process.
template <class Lock, class ListOf, class NumberOf, class Visit>
bool walk(Lock& lock, std::invoke_result_t<NumberOf, const Process&>& next, ListOf list_of,
          NumberOf number_of, Visit visit) {
    while (true) {
        {
            auto tree = lock.lock();
            auto* list = list_of(*tree);
            if (list == nullptr) return false;
            Process* process = list->lower_bound(next);
            for (u32 visits = 0; visits < VISITS_AT_ONCE; ++visits) {
                if (process == nullptr) return false;
                Process* following = list->next(*process);
                const auto number = number_of(*process);
                next = number;
                if (visit(*tree, *process)) return true;
                next = number + 1;
                process = following;
            }
        }
        scheduler::preempt_point();
    }
}

/// Collects references to the visited processes for which `is_wanted` returns true. Errors: Enomem.
template <class Lock, class ListOf, class NumberOf, class IsWanted>
Result<Vector<Ref<Process>>> collect(Lock& lock, ListOf list_of, NumberOf number_of, IsWanted is_wanted) {
    Vector<Ref<Process>> found;
    std::invoke_result_t<NumberOf, const Process&> next{};
    bool is_full = true;
    while (is_full) {
        TRY(found.reserve(std::max<usize>(found.capacity() * 2, 16)));
        is_full = walk(lock, next, list_of, number_of, [&](TreeState&, Process& process) {
            if (!is_wanted(process)) return false;
            if (found.size() == found.capacity()) return true;
            found.push_within_capacity(Ref<Process>(&process));
            return false;
        });
    }
    return found;
}

auto members_in(Pid number) {
    return [number](TreeState& tree) {
        ProcessGroup* group = tree.find_group(number);
        return group != nullptr ? &group->members : nullptr;
    };
}
u64 member_number(const Process& process) { return process.member_number; }

}  // namespace

bool ProcessTree::any_child(Process& parent, FunctionRef<bool(TreeState&, Process&)> visit) {
    u64 next = 0;
    return walk(
        state_, next, [&](TreeState& tree) { return &parent.links(tree).children; },
        [](const Process& child) { return child.sibling_number; }, visit);
}

bool ProcessTree::any_member(Pid group, FunctionRef<bool(TreeState&, Process&)> visit) {
    u64 next = 0;
    return walk(state_, next, members_in(group), &member_number, visit);
}

bool ProcessTree::is_orphaned(Pid group) {
    return !any_member(group,
                       [](TreeState& tree, Process& member) { return ties_group_to_session(tree, member); });
}

Result<Vector<Ref<Process>>> ProcessTree::members_of(Pid group) {
    return collect(state_, members_in(group), &member_number, [](const Process&) { return true; });
}

Result<Vector<Ref<Process>>> ProcessTree::all_that(FunctionRef<bool(const Process&)> is_wanted) {
    return collect(
        state_, [](TreeState& tree) { return &tree.by_pid; },
        [](const Process& process) { return process.pid(); }, is_wanted);
}

Ref<Process> ProcessTree::reaper_of(Process& process) {
    Ref<Process> from(&process);
    while (true) {
        Ref<Process> reached;  // outlives the lock, as all references do that may be the last
        {
            auto tree = state_.lock();
            // A process that was reaped meanwhile has no parent, so the walk begins again.
            Process* ancestor =
                from->state == ProcessState::Reaped ? process.links(*tree).parent : from.get();
            if (ancestor == &process) ancestor = process.links(*tree).parent;
            for (u32 visits = 0; visits < VISITS_AT_ONCE && ancestor != nullptr; ++visits) {
                if (ancestor->links(*tree).is_subreaper && ancestor->state != ProcessState::Zombie)
                    return Ref<Process>(ancestor);
                ancestor = ancestor->links(*tree).parent;
            }
            if (ancestor == nullptr) return Ref<Process>(tree->init);
            reached = Ref<Process>(ancestor);
        }
        from = std::move(reached);
        scheduler::preempt_point();
    }
}

Ref<Identity> identity_of(Process& process) {
    const Ref<Task> leader = process.signals.lock()->leader;
    return leader ? leader->shared_identity() : nullptr;
}

}  // namespace exo::posix_x
