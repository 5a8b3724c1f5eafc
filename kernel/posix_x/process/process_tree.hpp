// ProcessTree: every process by pid; parents and children; groups and sessions.
#pragma once

#include "posix_x/process/process.hpp"
#include "scheduler/mutex.hpp"

namespace exo::posix_x {

/// A process group: there as long as it has a member, zombies included. It lies in one session as a whole.
struct ProcessGroup {
    ProcessGroup(Pid number, Pid session) : number(number), session(session) {}

    const Pid number;
    const Pid session;
    TreeNode link;
    TreeNode session_link;
    struct MemberKey {
        static u64 key(const Process& process) { return process.member_number; }
    };
    Tree<Process, &Process::group_link, MemberKey> members;  ///< In the order in which they joined.
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

    Processes by_pid;  ///< Zombies included, reaped ones not. Each holds a reference.
    Tree<ProcessGroup, &ProcessGroup::link, GroupKey> groups;
    Tree<ProcessGroup, &ProcessGroup::session_link, SessionKey> groups_by_session;
    struct TidKey {
        static Pid key(const Task& task) { return task.tid; }
    };
    Tree<Task, &Task::thread_link, TidKey> threads;  ///< Living tasks that are not their process's leader.
    Pid last_pid = 0;
    bool has_wrapped = false;  ///< Before that no number can be taken.
    Process* init = nullptr;
    u64 created = 0;      ///< Forks since boot (/proc/stat).
    u64 last_number = 0;  ///< Of who became a child or a member last. Never used again.

    /// Null if there is no such process.
    Process* find(Pid pid) const { return by_pid.find(pid); }
    /// The process with a task of that number.
    Process* find_by_task(Pid tid) const;
    /// Null if it has no member.
    ProcessGroup* find_group(Pid group) const { return groups.find(group); }
    bool has_group(Pid group) const { return find_group(group) != nullptr; }
    bool has_session(Pid session) const;
    /// setpgid(2), setsid(2): `process` is in that group of that session from now on. Errors: Enomem, nothing changed.
    Result<> move_to(Process& process, Pid group, Pid session);
    void join(Process& process, ProcessGroup& group);
    void leave(Process& process);
    /// `child` becomes the youngest child of `parent`. It must be no other's.
    void adopt(Process& parent, Process& child);
    /// A task of the process asks for a signal at the end of its parent.
    void note_death_signal(Process& process);

    bool group_is_in_session(Pid group, Pid session) const;
};

/// References to be dropped without the tree's lock. A process and its leader hold each other until the process is reaped.
struct ReapedProcess {
    Ref<Process> process;
    Ref<Task> leader;
};

/// Of a new process to the one that creates it.
enum class Relation : u8 { Child, Sibling };

class ProcessTree {
  public:
    /// The state and its lock; rank ProcessTree.
    auto lock() { return state_.lock(); }
    Ref<Process> find(Pid pid);
    /// A task, also a leader that has ended and was not reaped; null if there is none.
    Ref<Task> find_task(Pid tid);
    /// The process of a task that lives, or of a leader that was not reaped; null if there is none.
    Ref<Process> find_by_task(Pid tid);
    /// A free pid for a new process or task, reserved until the process is added. Errors: Eagain.
    Result<Pid> reserve_pid();
    /// This one. Errors: Eexist, Eagain.
    Result<Pid> reserve_pid(Pid wanted);
    void release_pid(Pid pid);
    /// How many processes there may be, root's and zombies included. LINUX: threads-max.
    u32 most() const { return most_.load(std::memory_order_relaxed); }
    void set_most(u64 most);
    /// The process becomes a child of `creator`, or a sibling (CLONE_PARENT), and can be found.
    void add(Process& process, Task& creator, Relation relation, Signal exit_signal);
    /// Process 1.
    void add_first(Process& process);
    /// A further task of a process that is in the tree can be found by its number.
    void add_thread(Task& task);
    /// A task that is no leader has ended: its number is free again, and its user no longer charged.
    void remove_thread(Task& task);
    /// `task` takes the number of its process, whose other tasks have all ended. Returns the leader that it replaces (itself if it was
    /// the leader), to be dropped without locks.
    Ref<Task> become_leader(Task& task);
    Pid group_of(Process& process) { return process.links(*state_.lock()).group; }
    /// Who is charged with the task.
    Ref<UserRecord> charged_user(const Task& task) {
        auto tree = state_.lock();
        return task.charged_user;
    }
    /// `user` is charged with the task from now on. Returns whoever was before, to be dropped without locks.
    Ref<UserRecord> charge(Task& task, Ref<UserRecord> user) {
        auto tree = state_.lock();
        std::swap(task.charged_user, user);
        return user;
    }
    /// Keeps fork from adding processes. A sender to many processes holds the guard from the collection of its targets until the
    /// last of them has the signal, so that it misses no child of a target. LINUX: tasklist_lock.
    auto keep_out_births() { return births_.lock_shared(); }
    /// Keeps senders to many processes out. fork holds the guard from its last look at pending signals until the child is in
    /// the tree.
    auto begin_birth() { return births_.lock_exclusive(); }
    usize count();
    /// Takes a zombie out, with its pid; its own children were given away when it ended. The tree must be locked, and
    /// the caller drops the returned references after unlocking.
    ReapedProcess remove_locked(TreeState& tree, Process& process);
    /// Calls `visit` for each process in order of pid, without the lock, with a reference.
    void for_each(FunctionRef<void(Process&)> visit);

    // The walks below pass preemption points: every some hundred processes they let go of the tree's lock. They miss nobody who belongs
    // to the list from the beginning to the end of the walk, and visit nobody twice.

    /// Whether `visit` says so of a child, oldest first; the walk ends there. `visit` runs under the tree's lock.
    bool any_child(Process& parent, FunctionRef<bool(TreeState&, Process&)> visit);
    /// Whether `visit` says so of a member of the group; the walk ends there. `visit` runs under the tree's lock.
    bool any_member(Pid group, FunctionRef<bool(TreeState&, Process&)> visit);
    /// POSIX: no member has a parent in another group of the same session. Also true of a group that has no members.
    bool is_orphaned(Pid group);
    /// The members of a group, none if there is no such group. Errors: Enomem.
    Result<Vector<Ref<Process>>> members_of(Pid group);
    /// All processes for which `is_wanted` holds, in order of pid. `is_wanted` runs under the tree's lock. Errors: Enomem.
    Result<Vector<Ref<Process>>> all_that(FunctionRef<bool(const Process&)> is_wanted);
    /// Who gets the children of `process` when it ends: the nearest living ancestor that asked for it, or init.
    Ref<Process> reaper_of(Process& process);

  private:
    struct Nothing {};
    scheduler::RwLock<Nothing, sync::LockRank::SleepingLeaf> births_;
    sync::SpinLocked<TreeState, sync::LockRank::ProcessTree> state_;
    static void enter(TreeState& tree, Process& process);

    std::atomic<u32> live_{0};
    std::atomic<u32> most_{0};
};

/// Whether a member of a group keeps it from being orphaned.
bool ties_group_to_session(const TreeState& tree, const Process& member);

/// The identity of a process's leader, of a zombie the one that it ended with; null where there is no leader.
Ref<Identity> identity_of(Process& process);

extern constinit ProcessTree PROCESSES;

/// Exists while a thread sends a signal to many processes. fork waits meanwhile, so that the sender misses no child. The sender's
/// section is urgent: it would otherwise wait at each preemption point for a turn of each process that it is about to end.
struct SendingToMany {
    decltype(PROCESSES.keep_out_births()) no_births = PROCESSES.keep_out_births();
    scheduler::UrgentSection urgency;
};

}  // namespace exo::posix_x
