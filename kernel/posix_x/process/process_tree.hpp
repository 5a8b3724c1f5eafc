// ProcessTree: finds processes by pid, and keeps parents and children, groups and sessions.
#pragma once

#include "posix_x/process/process.hpp"
#include "scheduler/mutex.hpp"

namespace exo::posix_x {

/// A process group. It exists as long as it has a member, and zombies count as members. All members are in
/// one session.
struct ProcessGroup {
    ProcessGroup(Pid number, Pid session) : number(number), session(session) {}

    const Pid number;
    const Pid session;
    TreeNode link;
    TreeNode session_link;
    struct MemberKey {
        static u64 key(const Process& process) { return process.member_number; }
    };
    Tree<Process, &Process::group_link, MemberKey> members;  ///< In the order in which they joined the group.
};

struct TreeState {
    struct PidKey {
        static Pid key(const Process& process) { return process.pid(); }
    };
    using Processes = Tree<Process, &Process::pid_link, PidKey>;
    struct GroupKey {
        static Pid key(const ProcessGroup& group) { return group.number; }
    };
    struct SessionAndGroup {
        Pid session = 0;
        Pid group = 0;
        friend auto operator<=>(const SessionAndGroup&, const SessionAndGroup&) = default;
    };
    struct SessionKey {
        static SessionAndGroup key(const ProcessGroup& group) { return {group.session, group.number}; }
    };

    Processes by_pid;  ///< Contains zombies and no reaped processes. Owns one reference to each.
    Tree<ProcessGroup, &ProcessGroup::link, GroupKey> groups;
    Tree<ProcessGroup, &ProcessGroup::session_link, SessionKey> groups_by_session;
    struct TidKey {
        static Pid key(const Task& task) { return task.tid(); }
    };
    Tree<Task, &Task::thread_link, TidKey> threads;  ///< Living tasks that are not the leader of their
                                                     ///< process.
    Pid last_pid = 0;
    bool has_wrapped = false;  ///< Pid numbers have wrapped around. Before that every new number is free.
    Process* init = nullptr;
    u64 created = 0;      ///< Forks since boot (/proc/stat).
    u64 last_number = 0;  ///< The last sibling_number or member_number. Each is used once.

    /// Finds a process by its pid; null if there is none.
    Process* find(Pid pid) const { return by_pid.find(pid); }
    /// Finds the process that has a task with that number.
    Process* find_by_task(Pid tid) const;
    /// Finds a group; null if it has no members.
    ProcessGroup* find_group(Pid group) const { return groups.find(group); }
    bool has_group(Pid group) const { return find_group(group) != nullptr; }
    bool has_session(Pid session) const;
    /// setpgid(2), setsid(2): moves `process` to a group of a session. Errors: Enomem; nothing is changed
    /// then.
    Result<> move_to(Process& process, Pid group, Pid session);
    void join(Process& process, ProcessGroup& group);
    void leave(Process& process);
    /// Makes `child`, which has no parent yet, the youngest child of `parent`.
    void adopt(Process& parent, Process& child);
    /// Records that a task of the process asked for a signal at the end of its parent.
    void note_death_signal(Process& process);

    bool group_is_in_session(Pid group, Pid session) const;
};

/// References that the caller drops without the tree's lock. A process and its leader refer to each other
/// until the process is reaped.
struct ReapedProcess {
    Ref<Process> process;
    Ref<Task> leader;
};

/// How a new process is related to its creator.
enum class Relation : u8 { Child, Sibling };

class ProcessTree {
  public:
    /// Locks the tree (rank ProcessTree) and returns its state.
    auto lock() { return state_.lock(); }
    Ref<Process> find(Pid pid);
    /// Finds a task by its number, also a leader that has ended and was not reaped; null if there is none.
    Ref<Task> find_task(Pid tid);
    /// Finds the process of a living task, or of a leader that was not reaped; null if there is none.
    Ref<Process> find_by_task(Pid tid);
    /// Reserves a free pid for a new process or task, until it is added. Errors: Eagain.
    Result<Pid> reserve_pid();
    /// Reserves the pid `wanted`. Errors: Eexist, Eagain.
    Result<Pid> reserve_pid(Pid wanted);
    void release_pid(Pid pid);
    /// The limit of processes in the system, including zombies and those of root. LINUX: threads-max.
    u32 most() const { return most_.load(std::memory_order_relaxed); }
    void set_most(u64 most);
    /// Adds a process as a child or (CLONE_PARENT) as a sibling of `creator`.
    void add(Process& process, Task& creator, Relation relation, Signal exit_signal);
    /// Adds process 1.
    void add_first(Process& process);
    /// Adds a further task of a process that is in the tree, so that it can be found by its number.
    void add_thread(Task& task);
    /// Removes a task that ended and is not a leader: frees its number and uncharges its user.
    void remove_thread(Task& task);
    /// Gives `task` the number of its process, whose other tasks have all ended. Returns the leader that it
    /// replaces (or `task` if it was the leader). The caller drops that reference without holding locks.
    Ref<Task> become_leader(Task& task);
    Pid group_of(Process& process) { return process.links(*state_.lock()).group; }
    /// The user that is charged for the task.
    Ref<UserRecord> charged_user(const Task& task) {
        auto tree = state_.lock();
        return task.charged_user;
    }
    /// Charges `user` for the task. Returns the previous user; the caller drops that reference without
    /// holding locks.
    Ref<UserRecord> charge(Task& task, Ref<UserRecord> user) {
        auto tree = state_.lock();
        std::swap(task.charged_user, user);
        return user;
    }
    /// Keeps fork from adding processes. A sender to many processes holds the guard while it collects the
    /// targets and sends to them, so that it misses no child of a target. LINUX: tasklist_lock.
    auto keep_out_births() { return births_.lock_shared(); }
    /// Keeps senders to many processes out. fork holds the guard from its last check of pending signals until
    /// the child is in the tree.
    auto begin_birth() { return births_.lock_exclusive(); }
    usize count();
    /// Removes a zombie and frees its pid. Its own children were given away when it ended. The caller holds
    /// the tree's lock, and drops the returned references after it has released the lock.
    ReapedProcess remove_locked(TreeState& tree, Process& process);
    /// Calls `visit` for each process in order of pid, without the lock and with a reference.
    void for_each(FunctionRef<void(Process&)> visit);

    // The walks below release the tree's lock every few hundred processes, at preemption points. They visit
    // every process that is in the list during the whole walk, and none twice.

    /// Calls `visit` for the children, oldest first, until it returns true, and returns whether it did.
    /// `visit` runs under the tree's lock.
    bool any_child(Process& parent, FunctionRef<bool(TreeState&, Process&)> visit);
    /// Calls `visit` for the members of the group until it returns true, and returns whether it did. `visit`
    /// runs under the tree's lock.
    bool any_member(Pid group, FunctionRef<bool(TreeState&, Process&)> visit);
    /// Whether no member has a parent in another group of the same session (POSIX, orphaned process group).
    /// True for a group without members.
    bool is_orphaned(Pid group);
    /// The members of a group; empty if there is no such group. Errors: Enomem.
    Result<Vector<Ref<Process>>> members_of(Pid group);
    /// The processes for which `is_wanted` returns true, in order of pid. `is_wanted` runs under the tree's
    /// lock. Errors: Enomem.
    Result<Vector<Ref<Process>>> all_that(FunctionRef<bool(const Process&)> is_wanted);
    /// The process that becomes the parent of the children of `process` when it ends: the nearest living
    /// ancestor that is a subreaper, or init.
    Ref<Process> reaper_of(Process& process);

  private:
    struct Nothing {};
    scheduler::RwLock<Nothing, sync::LockRank::SleepingLeaf> births_;
    sync::SpinLocked<TreeState, sync::LockRank::ProcessTree> state_;
    static void enter(TreeState& tree, Process& process);

    std::atomic<u32> live_{0};
    std::atomic<u32> most_{0};
};

/// Whether `member` keeps its group from being orphaned.
bool ties_group_to_session(const TreeState& tree, const Process& member);

/// The identity of a process's leader. For a zombie: the one with which it ended. Null if there is no leader.
Ref<Identity> identity_of(Process& process);

extern constinit ProcessTree PROCESSES;

/// A guard that a thread holds while it sends a signal to many processes. fork waits for it, so that the
/// sender misses no child. The section is urgent; otherwise each preemption point in it would let every
/// process run that is about to be killed.
struct SendingToMany {
    decltype(PROCESSES.keep_out_births()) no_births = PROCESSES.keep_out_births();
    scheduler::UrgentSection urgency;
};

}  // namespace exo::posix_x
